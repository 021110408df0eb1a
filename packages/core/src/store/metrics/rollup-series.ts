import { encodeTraces } from "../../otlp/encode.js";
import { spansOf } from "../../otlp/groups.js";
import type { SpanView } from "../../otlp/span-view.js";
import type { Predicate, Reference } from "../../query/filter/language/predicate.js";
import type { MetricsSearch } from "../../query/metrics-query.js";
import type { RollupSeries } from "../contract/metrics.js";

const kept: ReadonlySet<string> = new Set(["resource.service", "span.name", "span.kind", "span.status"]);

/** Whether labels and filter need only the fields that rollups have. */
export function isAnsweredByRollups({ labels, predicate }: MetricsSearch): boolean {
  return labels.every(({ isField }) => isField) && readsOnlyKept(predicate);
}

function readsOnlyKept(predicate: Predicate): boolean {
  const isKept = (ref: Reference): boolean => ref.ref === "field" && kept.has(`${ref.level}.${ref.name}`);
  switch (predicate.op) {
    case "and":
    case "or":
      return predicate.args.every(readsOnlyKept);
    case "not":
      return readsOnlyKept(predicate.arg);
    case "compare":
      return isKept(predicate.left) && isKept(predicate.right);
    case "some":
      return false;
    default:
      return isKept(predicate.ref);
  }
}

/** Caches the spans of series: a ledger returns the same series objects with every answer. */
const spans = new WeakMap<RollupSeries, SpanView>();

/** A span with the fields of a series, so that filters and labels apply to a series as to a span. */
export function spanOfSeries(series: RollupSeries): SpanView {
  const known = spans.get(series);
  if (known !== undefined) return known;
  const made = madeSpan(series);
  spans.set(series, made);
  return made;
}

function madeSpan({ service, operation, kind, statusCode }: RollupSeries): SpanView {
  const encoded = encodeTraces({
    resourceSpans: [
      {
        resource: {
          attributes: service === "" ? [] : [{ key: "service.name", value: { stringValue: service } }],
        },
        scopeSpans: [
          {
            spans: [
              {
                traceId: "1".padStart(32, "0"),
                spanId: "1".padStart(16, "0"),
                name: operation,
                kind,
                startTimeUnixNano: 0n,
                endTimeUnixNano: 0n,
                status: { code: statusCode },
              },
            ],
          },
        ],
      },
    ],
  });
  const [span] = spansOf(encoded);
  if (span === undefined) throw new Error("a series has one span");
  return span;
}
