import { spanKindWord } from "../model/trace.js";
import type { SpanHead } from "../otlp/span-head.js";
import { readText, readUint32 } from "../otlp/wire.js";

/** An operation of a request, with the newest start of its spans in the request. */
export interface SeenOperation {
  readonly service: string;
  readonly name: string;
  /** Jaeger's word for the kind; empty when it is unspecified. */
  readonly spanKind: string;
  readonly newestStartUnixNano: bigint;
}

interface Entry {
  readonly bytes: Uint8Array;
  readonly nameAt: number;
  readonly nameEnd: number;
  readonly kind: number;
  high: number;
  low: number;
}

/** Collects the distinct operations of a request. Compares names as bytes, so that it decodes each name once. */
export class OperationCollector {
  readonly #services = new Map<string, Map<number, Entry[]>>();

  /** Adds the operation of a span. A span without a service has none. */
  add(service: string, head: SpanHead): void {
    if (service === "") return;
    let entries = this.#services.get(service);
    if (entries === undefined) {
      entries = new Map();
      this.#services.set(service, entries);
    }
    const hash = hashName(head);
    let candidates = entries.get(hash);
    if (candidates === undefined) {
      candidates = [];
      entries.set(hash, candidates);
    }
    const at = head.startTimeAt;
    const low = at < 0 ? 0 : readUint32(head.bytes, at);
    const high = at < 0 ? 0 : readUint32(head.bytes, at + 4);
    const entry = candidates.find((candidate) => isSame(candidate, head));
    if (entry === undefined) {
      const { bytes, nameAt, nameEnd, kind } = head;
      candidates.push({ bytes, nameAt, nameEnd, kind, high, low });
    } else if (high > entry.high || (high === entry.high && low > entry.low)) {
      entry.high = high;
      entry.low = low;
    }
  }

  all(): SeenOperation[] {
    const operations: SeenOperation[] = [];
    for (const [service, entries] of this.#services) {
      for (const candidates of entries.values()) {
        for (const entry of candidates) {
          operations.push({
            service,
            name: readText(entry.bytes, entry.nameAt, entry.nameEnd),
            spanKind: spanKindWord(entry.kind),
            newestStartUnixNano: (BigInt(entry.high) << 32n) | BigInt(entry.low),
          });
        }
      }
    }
    return operations;
  }
}

function hashName(head: SpanHead): number {
  let hash = head.kind;
  for (let at = head.nameAt; at < head.nameEnd; at++) hash = Math.imul(hash, 31) + (head.bytes[at] as number);
  return hash | 0;
}

function isSame(entry: Entry, head: SpanHead): boolean {
  const length = entry.nameEnd - entry.nameAt;
  if (entry.kind !== head.kind || length !== head.nameEnd - head.nameAt) return false;
  for (let i = 0; i < length; i++) {
    if (entry.bytes[entry.nameAt + i] !== head.bytes[head.nameAt + i]) return false;
  }
  return true;
}
