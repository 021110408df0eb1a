import type { Client } from "../connection/client.js";
import { maxShards } from "../options.js";
import { partOfIds } from "./ids.js";
import type { Naming } from "./naming.js";
import type { Window, Windows } from "./windows.js";

/** A daemon that holds rows of spans. */
export interface Place {
  readonly client: Client;
  /** The naming of the namespace, with windows whose ids are this place's part: no two places use the same id. */
  readonly naming: Naming;
}

const partBits = BigInt(Math.log2(maxShards));

/** The places of a namespace: its shards, or the home daemon without shards. */
export function placesOf(home: Client, shards: readonly Client[], naming: Naming): readonly Place[] {
  if (shards.length === 0) return [{ client: home, naming }];
  return shards.map((client, part) => ({
    client,
    naming: { ...naming, windows: partOf(naming.windows, BigInt(part)) },
  }));
}

function partOf({ at, named }: Windows, part: bigint): Windows {
  const narrowed = (window: Window): Window => ({ ...window, ids: partOfIds(window.ids, part, partBits) });
  // Most spans lie in the same window as the previous one.
  let whole: Window | undefined;
  let last: Window | undefined;
  return {
    at: (unixNano) => {
      const window = at(unixNano);
      if (last === undefined || window !== whole) last = narrowed(window);
      whole = window;
      return last;
    },
    named: (name) => {
      const window = named(name);
      return window === undefined ? undefined : narrowed(window);
    },
  };
}
