import { parseGroups } from "../otlp/groups.js";
import { serviceNameOf } from "../otlp/service-name.js";
import { Cursor, readUint32, wireBytes, wireFixed64, wireVarint } from "../otlp/wire.js";
import { statusCodeOf } from "./call-scan.js";

/**
 * The fields of a span that rollups count. All spans share one object. Values of 64 bits are two words, since a bigint for
 * each span would cost more than reading it.
 */
export interface SpanFacts {
  readonly bytes: Uint8Array;
  readonly service: string;
  readonly nameAt: number;
  readonly nameEnd: number;
  /** `kind` and `statusCode` are OTLP's numbers. */
  readonly kind: number;
  readonly statusCode: number;
  readonly spanIdLow: number;
  readonly startLow: number;
  readonly startHigh: number;
  readonly endLow: number;
  readonly endHigh: number;
}

/** Visits every span of a well-formed encoded TracesData. */
export function visitSpanFacts(encoded: Uint8Array, visit: (facts: SpanFacts) => void): void {
  const facts = {
    bytes: encoded,
    service: "",
    nameAt: 0,
    nameEnd: 0,
    kind: 0,
    statusCode: 0,
    spanIdLow: 0,
    startLow: 0,
    startHigh: 0,
    endLow: 0,
    endHigh: 0,
  };
  let resource: unknown;
  for (const group of parseGroups(encoded)) {
    if (group.resource !== resource) {
      resource = group.resource;
      facts.service = serviceNameOf(group.resource.encoded);
    }
    for (let i = 0; i < group.spans.length; i += 2) {
      const end = group.spans[i + 1] as number;
      facts.nameAt = facts.nameEnd = facts.kind = facts.statusCode = facts.spanIdLow = 0;
      facts.startLow = facts.startHigh = facts.endLow = facts.endHigh = 0;
      const cursor = new Cursor(encoded, group.spans[i] as number, end);
      while (cursor.pos < end) {
        const tag = cursor.tag();
        const field = tag >>> 3;
        const type = tag & 7;
        if (field === 7 && type === wireFixed64) {
          facts.startLow = readUint32(encoded, cursor.pos);
          facts.startHigh = readUint32(encoded, cursor.pos + 4);
          cursor.pos += 8;
        } else if (field === 8 && type === wireFixed64) {
          facts.endLow = readUint32(encoded, cursor.pos);
          facts.endHigh = readUint32(encoded, cursor.pos + 4);
          cursor.pos += 8;
        } else if (field === 5 && type === wireBytes) {
          facts.nameEnd = cursor.lengthEnd();
          facts.nameAt = cursor.pos;
          cursor.pos = facts.nameEnd;
        } else if (field === 2 && type === wireBytes) {
          const idEnd = cursor.lengthEnd();
          facts.spanIdLow = idEnd - cursor.pos === 8 ? readUint32(encoded, cursor.pos + 4) : 0;
          cursor.pos = idEnd;
        } else if (field === 6 && type === wireVarint) {
          facts.kind = cursor.varint32() | 0;
        } else if (field === 15 && type === wireBytes) {
          const statusEnd = cursor.lengthEnd();
          facts.statusCode = statusCodeOf(encoded, cursor.pos, statusEnd, facts.statusCode);
          cursor.pos = statusEnd;
        } else cursor.skip(tag);
      }
      visit(facts);
    }
  }
}
