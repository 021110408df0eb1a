import type { Expired } from "@spanstore/core/engine";
import type { Control } from "../coordination/control.js";
import type { Gate } from "../coordination/gate.js";
import type { Catalog } from "../schema/catalog.js";
import type { Naming } from "../schema/naming.js";
import type { Place } from "../schema/places.js";
import type { Tuning } from "../schema/tuning.js";
import type { Window } from "../schema/windows.js";
import type { Operations } from "../write/operations.js";
import { cutWindow } from "./cut.js";
import { createNameUpkeep } from "./name-upkeep.js";
import { rowsOf, sizeOf } from "./sizes.js";

const maxUnixNano = (1n << 64n) - 1n;
/** Rounds of a deletion while other servers keep writing old spans; spans after the last round stay. */
const maxRounds = 20;

export interface RetentionParts {
  readonly naming: Naming;
  readonly places: readonly Place[];
  readonly catalog: Catalog;
  readonly control: Control;
  readonly operations: Operations;
  readonly gate: Gate;
  readonly tuning: Tuning;
  /** The window of the present. Its tables stay, so that the union always has a member. */
  readonly currentWindow: () => Window;
}

export interface Retention {
  readonly deleteBefore: (timeUnixNano: bigint) => Promise<void>;
  /** Drops the windows that end by a time; with `dryRun` it only lists them. */
  readonly expire: (timeUnixNano: bigint, dryRun: boolean) => Promise<readonly Expired[]>;
  readonly purge: () => Promise<void>;
}

export function createRetention(parts: RetentionParts): Retention {
  const { naming, places, catalog, control, operations, gate, tuning, currentWindow } = parts;
  const names = createNameUpkeep({ catalog, control, operations });

  const truncate = async (window: Window): Promise<void> => {
    for (const { client } of places) {
      await client.query(`TRUNCATE TABLE ${naming.target(naming.fragmentTable(window))}`);
      await client.query(`TRUNCATE TABLE ${naming.target(naming.spanTable(window))}`);
    }
  };

  /** Removes whole windows: empties the current one, drops the others. @returns whether it dropped any. */
  const remove = async (windows: readonly Window[]): Promise<boolean> => {
    const current = currentWindow().name;
    if (windows.some(({ name }) => name === current)) await truncate(currentWindow());
    const others = windows.filter(({ name }) => name !== current);
    if (others.length === 0) return false;
    await catalog.ensure([currentWindow()]);
    await catalog.drop(others);
    return true;
  };

  return {
    deleteBefore: async (time) => {
      if (time <= 0n) return;
      if (time > maxUnixNano) return purgeAll();
      await control.raiseGeneration();
      const touched = new Map<string, Window>();
      for (let round = 0; round < maxRounds; round++) {
        const found = await gate.alone(async () => {
          const windows = (await catalog.remains()).filter(({ startUnixNano }) => startUnixNano < time);
          for (const window of windows) touched.set(window.name, window);
          const removed = await remove(windows.filter(({ endUnixNano }) => endUnixNano <= time));
          const boundary = windows.find(({ endUnixNano }) => endUnixNano > time);
          return (
            (boundary !== undefined && (await cutWindow({ places, naming, tuning }, boundary, time))) ||
            removed
          );
        });
        if (!found) break;
      }
      await names.follow([...touched.values()]);
    },

    expire: async (time, dryRun) => {
      const current = currentWindow().name;
      const over = (await catalog.remains()).filter(
        ({ name, endUnixNano }) => endUnixNano <= time && name !== current,
      );
      const expired: Expired[] = [];
      for (const window of over) expired.push(await measured(window));
      if (dryRun) return expired;
      if (over.length > 0) {
        await control.raiseGeneration();
        await gate.alone(() => remove(over));
      }
      await names.follow(over);
      return expired;
    },

    purge: () => purgeAll(),
  };

  async function measured(window: Window): Promise<Expired> {
    const [name, fragments] = [naming.spanTable(window), naming.fragmentTable(window)];
    let spans = 0;
    let bytes = 0;
    for (const { client } of places) {
      spans += await rowsOf(client, name);
      bytes += (await sizeOf(client, name)) + (await sizeOf(client, fragments));
    }
    return { name, spans, bytes };
  }

  async function purgeAll(): Promise<void> {
    await control.raiseGeneration();
    await gate.alone(async () => {
      await remove(await catalog.remains());
      await operations.clear();
    });
    await names.announce();
    await operations.renew(await catalog.list());
  }
}
