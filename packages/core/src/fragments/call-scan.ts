import { parseGroups } from "../otlp/groups.js";
import { serviceNameOf } from "../otlp/service-name.js";
import { Cursor, readUint32, wireBytes, wireFixed64, wireVarint } from "../otlp/wire.js";

/**
 * The fields of spans from which calls between services are counted, in typed arrays: objects and strings for each span
 * would cost several times as much as reading them.
 */
export class CallColumns {
  length = 0;
  /** Two words for each id. */
  spanId = new Uint32Array(64);
  /** Two words for each id; zeros for a root span. */
  parentId = new Uint32Array(64);
  /** Low word, then high word, of each time. */
  start = new Uint32Array(64);
  end = new Uint32Array(64);
  statusCode = new Int32Array(32);
  /** Index into `services`. */
  service = new Int32Array(32);
  readonly services: string[] = [];

  /** Adds every span of a well-formed encoded TracesData. */
  add(encoded: Uint8Array): void {
    let resource: unknown;
    let service = 0;
    for (const group of parseGroups(encoded)) {
      if (group.resource !== resource) {
        resource = group.resource;
        service = this.#serviceIndex(serviceNameOf(group.resource.encoded));
      }
      for (let i = 0; i < group.spans.length; i += 2) {
        this.#span(encoded, group.spans[i] as number, group.spans[i + 1] as number, service);
      }
    }
  }

  #serviceIndex(name: string): number {
    const known = this.services.indexOf(name);
    return known >= 0 ? known : this.services.push(name) - 1;
  }

  #span(bytes: Uint8Array, at: number, end: number, service: number): void {
    const index = this.length++;
    if (index === this.service.length) this.#grow();
    this.service[index] = service;
    const pair = index * 2;
    this.parentId[pair] = this.parentId[pair + 1] = this.start[pair] = this.start[pair + 1] = 0;
    this.end[pair] = this.end[pair + 1] = this.statusCode[index] = 0;
    const cursor = new Cursor(bytes, at, end);
    while (cursor.pos < end) {
      const tag = cursor.tag();
      const field = tag >>> 3;
      if ((field === 2 || field === 4) && (tag & 7) === wireBytes) {
        const valueEnd = cursor.lengthEnd();
        const words = field === 2 ? this.spanId : this.parentId;
        const present = valueEnd - cursor.pos === 8;
        words[pair] = present ? readUint32(bytes, cursor.pos) : 0;
        words[pair + 1] = present ? readUint32(bytes, cursor.pos + 4) : 0;
        cursor.pos = valueEnd;
      } else if ((field === 7 || field === 8) && (tag & 7) === wireFixed64) {
        const timeAt = cursor.pos;
        cursor.skip(tag);
        const words = field === 7 ? this.start : this.end;
        words[pair] = readUint32(bytes, timeAt);
        words[pair + 1] = readUint32(bytes, timeAt + 4);
      } else if (field === 15 && (tag & 7) === wireBytes) {
        const statusEnd = cursor.lengthEnd();
        this.statusCode[index] = statusCodeOf(bytes, cursor.pos, statusEnd, this.statusCode[index] as number);
        cursor.pos = statusEnd;
      } else {
        cursor.skip(tag);
      }
    }
  }

  #grow(): void {
    this.spanId = doubled(this.spanId);
    this.parentId = doubled(this.parentId);
    this.start = doubled(this.start);
    this.end = doubled(this.end);
    this.service = doubledSigned(this.service);
    this.statusCode = doubledSigned(this.statusCode);
  }
}

/** The code of an encoded Status, or `before` when it has none: protobuf merges a message that comes twice. */
export function statusCodeOf(bytes: Uint8Array, at: number, end: number, before: number): number {
  let code = before;
  const cursor = new Cursor(bytes, at, end);
  while (cursor.pos < end) {
    const tag = cursor.tag();
    if (tag >>> 3 === 3 && (tag & 7) === wireVarint) code = cursor.varint32() | 0;
    else cursor.skip(tag);
  }
  return code;
}

function doubledSigned(words: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(words.length * 2);
  grown.set(words);
  return grown;
}

function doubled(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(words.length * 2);
  grown.set(words);
  return grown;
}
