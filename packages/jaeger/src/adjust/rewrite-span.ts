import { Cursor, type SpanHead, timeOf } from "@spanstore/core/otlp";
import { concernOf, isEmptyLink, keyOf, warningsAttribute } from "./attention.js";
import { asAddress, warningsOf } from "./attributes.js";
import { fixed64, lengthDelimited, textsAttribute } from "./protobuf.js";

/** How the adjustment of its trace changes a span. */
export interface SpanChange {
  /** Eight characters, a byte each; undefined when it does not change. So is `parent`. */
  readonly id: string | undefined;
  readonly parent: string | undefined;
  /** Nanoseconds that its times move by. */
  readonly delta: bigint;
  readonly warnings: readonly string[];
}

export const noChange: SpanChange = { id: undefined, parent: undefined, delta: 0n, warnings: [] };

/** The encoded attributes that move from spans to their resource, by key. */
export type Moved = Map<string, Buffer>;

const attributeTag = 0x4a;
const eventTag = 0x5a;
const eventTimeTag = 0x09;

/**
 * The content of an encoded Span after adjustment. Other fields keep their bytes, unknown ones included.
 * @param resourceAttribute returns the resource's own encoded attribute of a key.
 * @param moved receives the attributes that move to the resource.
 */
export function rewriteSpan(
  head: SpanHead,
  change: SpanChange,
  resourceAttribute: (key: string) => Buffer | undefined,
  moved: Moved,
): Buffer {
  const { bytes } = head;
  const parts: Uint8Array[] = [];
  const warnings: string[] = [];
  const ownWarnings = [...change.warnings];
  const cursor = new Cursor(bytes, head.start, head.end);
  while (cursor.pos < head.end) {
    const fieldAt = cursor.pos;
    const tag = cursor.tag();
    const field = tag >>> 3;
    cursor.skip(tag);
    const whole = bytes.subarray(fieldAt, cursor.pos);
    if (field === 2 && change.id !== undefined) continue;
    if (field === 4 && change.parent !== undefined) continue;
    if ((field === 7 || field === 8) && change.delta !== 0n) continue;
    if (field === 9) {
      const kept = attributeAfter(contentOf(whole), whole, resourceAttribute, moved, warnings, ownWarnings);
      if (kept !== undefined) parts.push(kept);
      continue;
    }
    if (field === 11 && change.delta !== 0n) {
      parts.push(lengthDelimited(eventTag, movedEvent(contentOf(whole), change.delta)));
      continue;
    }
    if (field === 13) {
      const link = contentOf(whole);
      if (isEmptyLink(link, 0, link.length)) {
        ownWarnings.push("Invalid span link removed");
        continue;
      }
    }
    parts.push(whole);
  }
  if (change.id !== undefined) parts.push(lengthDelimited(0x12, Buffer.from(change.id, "latin1")));
  if (change.parent !== undefined) parts.push(lengthDelimited(0x22, Buffer.from(change.parent, "latin1")));
  if (change.delta !== 0n) {
    parts.push(fixed64(0x39, timeOf(bytes, head.startTimeAt) + change.delta));
    parts.push(fixed64(0x41, timeOf(bytes, head.endTimeAt) + change.delta));
  }
  warnings.push(...ownWarnings);
  if (warnings.length > 0) {
    parts.push(lengthDelimited(attributeTag, textsAttribute(warningsAttribute, warnings)));
  }
  return Buffer.concat(parts);
}

/** @returns the adjusted field, or undefined when the span loses it. */
function attributeAfter(
  attribute: Uint8Array,
  whole: Uint8Array,
  resourceAttribute: (key: string) => Buffer | undefined,
  moved: Moved,
  warnings: string[],
  ownWarnings: string[],
): Uint8Array | undefined {
  switch (concernOf(attribute, 0, attribute.length)) {
    case "warnings":
      warnings.push(...warningsOf(attribute));
      return undefined;
    case "address": {
      const address = asAddress(attribute);
      return address === undefined ? whole : lengthDelimited(attributeTag, address);
    }
    case "library": {
      const key = keyOf(attribute, 0);
      const existing = moved.get(key) ?? resourceAttribute(key);
      if (existing === undefined) moved.set(key, Buffer.from(attribute));
      else if (!existing.equals(attribute)) {
        ownWarnings.push(`conflicting values between Span and Resource for attribute ${key}`);
        return whole;
      }
      return undefined;
    }
    default:
      return whole;
  }
}

/** The content of a length-delimited field. */
function contentOf(field: Uint8Array): Uint8Array {
  const cursor = new Cursor(field);
  cursor.tag();
  const end = cursor.lengthEnd();
  return field.subarray(cursor.pos, end);
}

function movedEvent(event: Uint8Array, delta: bigint): Buffer {
  const parts: Uint8Array[] = [];
  let time = 0n;
  const cursor = new Cursor(event);
  while (cursor.pos < cursor.end) {
    const at = cursor.pos;
    const tag = cursor.tag();
    const valueAt = cursor.pos;
    cursor.skip(tag);
    if (tag === eventTimeTag) time = timeOf(event, valueAt);
    else parts.push(event.subarray(at, cursor.pos));
  }
  return Buffer.concat([fixed64(eventTimeTag, time + delta), ...parts]);
}
