import type { AnyValue, KeyValue, TracesData } from "@spanstore/core";

/** A few spans of a shop; each filter of docs/filter.md finds one of them. */

type Plain = string | number | bigint | boolean;

function attributesOf(values: Readonly<Record<string, Plain>>): KeyValue[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: Plain): AnyValue {
  switch (typeof value) {
    case "string":
      return { stringValue: value };
    case "bigint":
      return { intValue: value };
    case "number":
      return { doubleValue: value };
    case "boolean":
      return { boolValue: value };
  }
}

const millis = 1_000_000n;
const start = 1_700_000_000_000n * millis;
const trace = "1".repeat(32);

export const spans: TracesData = {
  resourceSpans: [
    {
      resource: { attributes: attributesOf({ "service.name": "checkout" }) },
      scopeSpans: [
        {
          spans: [
            {
              traceId: trace,
              spanId: "1".repeat(16),
              name: "POST /checkout",
              kind: 2,
              startTimeUnixNano: start,
              endTimeUnixNano: start + 740n * millis,
              status: { code: 2, message: "card declined" },
              attributes: attributesOf({
                "http.request.method": "POST",
                "http.response.status_code": 503n,
                "retry.count": 2n,
                ratio: 0.75,
              }),
              events: [
                {
                  timeUnixNano: start + 700n * millis,
                  name: "exception",
                  attributes: attributesOf({
                    "exception.type": "Timeout",
                    message: "The bank: card declined. (The shop declined the card.)",
                  }),
                },
              ],
            },
            {
              traceId: trace,
              spanId: "2".repeat(16),
              parentSpanId: "1".repeat(16),
              name: "read cart",
              kind: 3,
              startTimeUnixNano: start,
              endTimeUnixNano: start + 12n * millis,
              attributes: attributesOf({
                "odd key": 1n,
                'say "hi"': "hi",
                "http.route": "/cart/{id}",
                "2xx": true,
                cached: true,
              }),
            },
          ],
        },
      ],
    },
  ],
};
