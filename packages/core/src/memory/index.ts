import type { SpanStore } from "../store/contract/span-store.js";
import { createSpanStore } from "../store/create-store.js";
import { createMemoryEngine } from "./engine.js";

/**
 * A store in this process's memory, gone when it is closed. It keeps no index: right for tests and
 * small numbers of spans.
 */
export function openMemoryStore(): SpanStore {
  return createSpanStore(createMemoryEngine(), async () => createMemoryEngine());
}
