import type { SpanView } from "@spanstore/core/otlp";
import { timeOf } from "@spanstore/core/otlp";
import { hostKeyOf } from "./host-key.js";

/** Stands for an absent id of a span or of its parent. */
export const noSpanId = "\0".repeat(8);

/**
 * What the adjustment of a trace reads of its spans, a row a span, a few hundred bytes each. Ids are eight characters, a byte
 * each.
 */
export class SpanColumns {
  readonly id: string[] = [];
  readonly parent: string[] = [];
  /** OTLP's number. */
  readonly kind: number[] = [];
  /** Nanoseconds as Go reads them: signed. */
  readonly start: bigint[] = [];
  readonly end: bigint[] = [];
  /** Index into `hostKeys`. */
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

/** An id as eight characters; an id of another length counts as absent. */
export function idAt(bytes: Uint8Array, start: number, end: number): string {
  if (end - start !== 8) return noSpanId;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, 8).toString("latin1");
}

export function idHex(id: string): string {
  return Buffer.from(id, "latin1").toString("hex");
}
