import type { SpanStore } from "../store/contract/span-store.js";
import { createSpanStore } from "../store/create-store.js";
import { createMemoryEngine } from "./engine.js";

/**
 * Opens a store in the memory of this process; closing it drops its spans. It has no index, so it suits tests and small
 * numbers of spans.
 */
export function openMemoryStore(): SpanStore {
  return createSpanStore(createMemoryEngine(), async () => createMemoryEngine());
}
