import type { WireWriter } from "@spanstore/core/otlp";
import { Cursor } from "@spanstore/core/otlp";
import type { Pairs } from "./pairs.js";

/**
 * A script says where each tag of a Jaeger span, in order, went in OTLP. It is a list of varints. An even one is twice the
 * length of a run of attributes that are the next tags; an odd one is twice a source plus one. A length-prefixed KeyValue
 * of Jaeger follows the source `literal`.
 */

/** A tag that is an attribute unchanged. Scripts hold runs of them instead. */
export const attribute = -1;
/** A tag whose attribute has another value. Written as the sources `literal` and `skipped`. */
export const attributeLiteral = -2;

export const literal = 0;
/** An attribute that is no tag. */
const skipped = 1;
/** `span.kind`, from the span's kind. */
export const kindSource = 2;
/** `otel.status_code` with the value OK, or ERROR. */
export const okSource = 3;
export const errorCodeSource = 4;
/** `error` with the value true. */
export const errorSource = 5;
/** `otel.status_description`, from the status. */
export const descriptionSource = 6;
export const traceStateSource = 7;
export const scopeNameSource = 8;
export const scopeVersionSource = 9;
/** `event`, from the event's name. */
export const eventSource = 10;
/** The next attribute, whose key was `hostname`. */
export const hostnameSource = 11;
/** The next attribute, whose key was `jaeger.version` and whose value got a prefix. */
export const jaegerVersionSource = 12;
const lastSource = jaegerVersionSource;

/** Writes the content of a script for these rows. Roles are sources, `attribute` or `attributeLiteral`. */
export function writeScript(
  writer: WireWriter,
  pairs: Pairs,
  from: number,
  to: number,
  roles: readonly number[],
): void {
  let run = 0;
  for (let row = to - 1; row >= from; row--) {
    const role = roles[row] as number;
    if (role === attribute) {
      run++;
      continue;
    }
    if (run > 0) writer.varint(run * 2);
    run = 0;
    if (role === attributeLiteral) writer.varint(skipped * 2 + 1);
    if (role === attributeLiteral || role === literal) {
      const start = pairs.start[row] as number;
      const end = pairs.end[row] as number;
      writer.range(pairs.bytes, start, end);
      writer.varint(end - start);
      writer.varint(literal * 2 + 1);
    } else {
      writer.varint(role * 2 + 1);
    }
  }
  if (run > 0) writer.varint(run * 2);
}

/** A parsed script: a source a tag (or `attribute`), and the range of each literal. */
export class Script {
  length = 0;
  readonly source: number[] = [];
  /** The index of the attribute behind a tag, or the start of a literal's KeyValue. */
  readonly at: number[] = [];
  readonly end: number[] = [];

  /**
   * Reads a script.
   * @returns whether it is valid and covers exactly `attributes` attributes.
   */
  read(bytes: Uint8Array, start: number, end: number, attributes: number): boolean {
    const cursor = new Cursor(bytes, start, end);
    let next = 0;
    this.length = 0;
    while (cursor.pos < end) {
      const word = cursor.varint32();
      const source = word >>> 1;
      if ((word & 1) === 0) {
        if (source > attributes - next) return false;
        for (const stop = next + source; next < stop; next++) this.#push(attribute, next, 0);
      } else if (source === literal) {
        const literalEnd = cursor.lengthEnd();
        this.#push(literal, cursor.pos, literalEnd);
        cursor.pos = literalEnd;
      } else if (source === skipped) {
        next++;
      } else if (source === hostnameSource || source === jaegerVersionSource) {
        this.#push(source, next++, 0);
      } else {
        if (source > lastSource) return false;
        this.#push(source, 0, 0);
      }
    }
    return next === attributes;
  }

  #push(source: number, at: number, end: number): void {
    const row = this.length++;
    this.source[row] = source;
    this.at[row] = at;
    this.end[row] = end;
  }
}
