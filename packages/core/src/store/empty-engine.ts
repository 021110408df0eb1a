import type { Engine } from "./contract/engine.js";

/** An engine without spans. It answers the reads of tenants without a namespace, so that a read creates none. */
export const emptyEngine: Engine = {
  name: "empty",
  write: async () => {
    throw new Error("the empty engine takes no writes");
  },
  deleteBefore: async () => {},
  purge: async () => {},
  sequence: async () => 0,
  async *candidates() {},
  async *fragments() {},
  services: async () => [],
  operations: async () => [],
  dependencies: async () => [],
  stats: async () => ({ bytes: 0 }),
  health: async () => {},
  close: async () => {},
};
