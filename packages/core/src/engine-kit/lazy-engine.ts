import type { Engine } from "../store/contract/engine.js";
import { expireSpans } from "../store/lifecycle/expire.js";
import { openWhileUsed } from "../store/lifecycle/open-while-used.js";

/**
 * An engine that opens with its first call, so that opening a store does not wait for a backend that is down.
 */
export function lazyEngine(name: string, open: () => Promise<Engine>): Engine {
  const { use, stream, end } = openWhileUsed(open, (engine) => engine.close());
  return {
    name,
    write: (encoded, signal, handOver, watched) =>
      use((engine) => engine.write(encoded, signal, handOver, watched), signal),
    sequence: (signal) => use((engine) => engine.sequence(signal), signal),
    candidates: (search, signal, reading) =>
      stream((engine) => engine.candidates(search, signal, reading), signal),
    fragments: (traceIds, signal, reading) =>
      stream((engine) => engine.fragments(traceIds, signal, reading), signal),
    services: (signal) => use((engine) => engine.services(signal), signal),
    operations: (service, signal) => use((engine) => engine.operations(service, signal), signal),
    dependencies: (query, signal, reading) =>
      use((engine) => engine.dependencies(query, signal, reading), signal),
    rollups: (range, signal, reading) =>
      use(async (engine) => engine.rollups?.(range, signal, reading), signal),
    deleteBefore: (time) => use((engine) => engine.deleteBefore(time)),
    expire: (time, dryRun) => use((engine) => expireSpans(engine, time, dryRun)),
    purge: () => use((engine) => engine.purge()),
    stats: () => use((engine) => engine.stats()),
    health: () => use((engine) => engine.health()),
    close: end,
  };
}
