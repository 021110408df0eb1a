import type { Engine } from "./engine.js";
import { expireSpans } from "./expire.js";
import { openOnFirstCall } from "./opening.js";

/**
 * An engine that is opened by its first call: what opens a store need not wait for a backend that is down.
 */
export function lazyEngine(name: string, open: () => Promise<Engine>): Engine {
  const { opened, stream, end } = openOnFirstCall(open);
  return {
    name,
    write: async (encoded, signal) => (await opened()).write(encoded, signal),
    sequence: async (signal) => (await opened()).sequence(signal),
    candidates: (search, signal) => stream((engine) => engine.candidates(search, signal)),
    fragments: (traceIds, signal) => stream((engine) => engine.fragments(traceIds, signal)),
    services: async (signal) => (await opened()).services(signal),
    operations: async (service, signal) => (await opened()).operations(service, signal),
    dependencies: async (query, signal) => (await opened()).dependencies(query, signal),
    deleteBefore: async (time) => (await opened()).deleteBefore(time),
    expire: async (time, dryRun) => expireSpans(await opened(), time, dryRun),
    purge: async () => (await opened()).purge(),
    stats: async () => (await opened()).stats(),
    health: async () => (await opened()).health(),
    close: async () => {
      await (await end())?.close();
    },
  };
}
