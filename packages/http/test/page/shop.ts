import type { KeyValue, Span, SpanStore } from "@spanstore/core";
import { baseTime, milli } from "../harness.js";

const text = (key: string, stringValue: string): KeyValue => ({ key, value: { stringValue } });

export const idOf = (trace: number): string => trace.toString(16).padStart(32, "a");

/** Traces of a small shop: each a request over three services, every fifth of them with an error. */
export async function fillShop(store: SpanStore, traces: number, { end = baseTime } = {}): Promise<void> {
  for (let trace = 0; trace < traces; trace++) {
    const traceId = idOf(trace);
    const start = end - BigInt(traces - trace) * 1000n * milli;
    const isFailed = trace % 5 === 4;
    const span = (
      id: number,
      name: string,
      from: number,
      length: number,
      fields: Partial<Span> = {},
    ): Span => ({
      traceId,
      spanId: id.toString(16).padStart(16, "0"),
      ...(id === 1 ? {} : { parentSpanId: (id - 1).toString(16).padStart(16, "0") }),
      name,
      kind: id === 1 ? 2 : 3,
      startTimeUnixNano: start + BigInt(from) * milli,
      endTimeUnixNano: start + BigInt(from + length) * milli,
      ...fields,
    });
    const spansOf = (service: string, spans: readonly Span[]) => ({
      resource: { attributes: [text("service.name", service), text("host.name", `${service}-1`)] },
      scopeSpans: [{ scope: { name: "shop", version: "1.0" }, spans }],
    });
    await store.write({
      resourceSpans: [
        spansOf("frontend", [
          span(1, "GET /cart", 0, 100 + trace, { attributes: [text("http.route", "/cart")] }),
        ]),
        spansOf("cart", [
          span(2, "Cart/Get", 10, 80, {
            attributes: [{ key: "items", value: { intValue: BigInt(trace) } }],
            ...(isFailed ? { status: { code: 2, message: "no such cart" } } : {}),
            ...(isFailed
              ? {
                  events: [
                    {
                      timeUnixNano: start + 50n * milli,
                      name: "exception",
                      attributes: [text("exception.type", "NotFound")],
                    },
                  ],
                }
              : {}),
          }),
        ]),
        spansOf("database", [span(3, "SELECT carts", 20, 30, { attributes: [text("db.system", "sqlite")] })]),
      ],
    });
  }
}
