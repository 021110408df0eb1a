import type { Settings } from "../options.js";
import { type Client, createClient } from "./client.js";

/** Connections to all daemons of a store. */
export interface Clients {
  /** The daemon at `url`, which answers reads. */
  readonly home: Client;
  /** The daemons that hold the spans; empty when the home daemon holds them. */
  readonly shards: readonly Client[];
  readonly close: () => Promise<void>;
}

export function openClients(settings: Settings): Clients {
  const { addresses } = settings;
  const home = createClient(settings, { addresses, agents: settings.shards.length > 0 });
  const shards = settings.shards.map((address) => createClient(settings, { addresses: [address] }));
  return {
    home,
    shards,
    close: async () => {
      await Promise.all([home, ...shards].map((client) => client.close()));
    },
  };
}
