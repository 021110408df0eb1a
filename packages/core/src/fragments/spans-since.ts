import { parseGroups } from "../otlp/groups.js";
import { SpanHead, timeOf } from "../otlp/span-head.js";
import { FragmentWriter } from "./fragment-writer.js";

/** A fragment without the spans that started before `time`; undefined when no span is left. */
export function spansSince(encoded: Uint8Array, time: bigint): Uint8Array | undefined {
  const writer = new FragmentWriter();
  const head = new SpanHead();
  let dropped = false;
  for (const group of parseGroups(encoded)) {
    for (let i = 0; i < group.spans.length; i += 2) {
      const start = group.spans[i] as number;
      const end = group.spans[i + 1] as number;
      head.scan(encoded, start, end);
      if (timeOf(encoded, head.startTimeAt) >= time) writer.add(group, start, end);
      else dropped = true;
    }
  }
  if (!dropped) return encoded;
  return writer.spanCount === 0 ? undefined : writer.encode();
}
