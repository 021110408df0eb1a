import { serviceOf } from "./clock-skew.js";
import type { TraceModel } from "./model.js";

/**
 * Finds spans that contain a text in their names, keys, values, messages or service, regardless of the case of ASCII
 * letters. It finds ids in hex.
 */
export function findSpans(model: TraceModel, text: string): readonly number[] {
  const wanted = text.trim();
  if (wanted === "") return [];
  const needle = new TextEncoder().encode(wanted.toLowerCase());
  const services = new Map<number, boolean>();
  const found: number[] = [];
  for (let span = 0; span < model.count; span++) {
    const owner = model.ownerOf[span] as number;
    let isOfService = services.get(owner);
    if (isOfService === undefined) {
      isOfService = serviceOf(model, span).toLowerCase().includes(wanted.toLowerCase());
      services.set(owner, isOfService);
    }
    const isFound =
      isOfService ||
      model.ids[span] === wanted.toLowerCase() ||
      contains(model.bytes, model.spanAt[span] as number, model.spanEnd[span] as number, needle);
    if (isFound) found.push(span);
  }
  return found;
}

function contains(bytes: Uint8Array, from: number, to: number, needle: Uint8Array): boolean {
  const first = needle[0] as number;
  const last = to - needle.length;
  for (let at = from; at <= last; at++) {
    if (lower(bytes[at] as number) !== first) continue;
    let i = 1;
    while (i < needle.length && lower(bytes[at + i] as number) === needle[i]) i++;
    if (i === needle.length) return true;
  }
  return false;
}

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
