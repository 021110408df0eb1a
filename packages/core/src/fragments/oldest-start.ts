import { parseGroups } from "../otlp/groups.js";
import { Cursor, readUint32, wireFixed64 } from "../otlp/wire.js";

/** The earliest start of the spans of an encoded TracesData that is known to be well formed, in nanoseconds. */
export function oldestStartOf(encoded: Uint8Array): bigint {
  let oldestHigh = 0xffffffff;
  let oldestLow = 0xffffffff;
  for (const { spans } of parseGroups(encoded)) {
    for (let i = 0; i < spans.length; i += 2) {
      const at = startTimeAt(encoded, spans[i] as number, spans[i + 1] as number);
      const low = at < 0 ? 0 : readUint32(encoded, at);
      const high = at < 0 ? 0 : readUint32(encoded, at + 4);
      if (high < oldestHigh || (high === oldestHigh && low < oldestLow)) {
        oldestHigh = high;
        oldestLow = low;
      }
    }
  }
  return (BigInt(oldestHigh) << 32n) | BigInt(oldestLow);
}

/** Of several the last counts, as in protobuf; below 0 when there is none. */
function startTimeAt(bytes: Uint8Array, start: number, end: number): number {
  let at = -1;
  const cursor = new Cursor(bytes, start, end);
  while (cursor.pos < end) {
    const tag = cursor.tag();
    if (tag >>> 3 === 7 && (tag & 7) === wireFixed64) at = cursor.pos;
    cursor.skip(tag);
  }
  return at;
}
