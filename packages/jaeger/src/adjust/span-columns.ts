import type { SpanView } from "@spanstore/core/otlp";
import { timeOf } from "@spanstore/core/otlp";
import { hostKeyOf } from "./host-key.js";

/** The id of a span without a parent, and of one that has none itself. */
export const noSpanId = "\0".repeat(8);

/**
 * The parts of a whole trace that its adjustment reads, a row a span: a few hundred bytes of each span of any
 * size. Ids are eight characters, a byte each.
 */
export class SpanColumns {
  readonly id: string[] = [];
  readonly parent: string[] = [];
  /** OTLP's number. */
  readonly kind: number[] = [];
  /** Nanoseconds as Go reads them: signed. */
  readonly start: bigint[] = [];
  readonly end: bigint[] = [];
  /** Index of the host's key. */
  readonly host: number[] = [];
  readonly hostKeys: string[] = [""];
  #resource: SpanView["resource"] | undefined;
  #hostOfResource = 0;

  add(span: SpanView): void {
    const { head, resource } = span;
    if (resource !== this.#resource) {
      this.#resource = resource;
      this.#hostOfResource = this.#hostIndex(hostKeyOf(resource.attributes));
    }
    this.id.push(idAt(head.bytes, head.spanIdAt, head.spanIdEnd));
    this.parent.push(idAt(head.bytes, head.parentAt, head.parentEnd));
    this.kind.push(head.kind);
    this.start.push(BigInt.asIntN(64, timeOf(head.bytes, head.startTimeAt)));
    this.end.push(BigInt.asIntN(64, timeOf(head.bytes, head.endTimeAt)));
    this.host.push(this.#hostOfResource);
  }

  #hostIndex(key: string): number {
    const known = this.hostKeys.indexOf(key);
    return known >= 0 ? known : this.hostKeys.push(key) - 1;
  }
}

/** An id as a text; one of another length than eight bytes is none. */
export function idAt(bytes: Uint8Array, start: number, end: number): string {
  if (end - start !== 8) return noSpanId;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, 8).toString("latin1");
}

export function idHex(id: string): string {
  return Buffer.from(id, "latin1").toString("hex");
}
