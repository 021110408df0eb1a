import { type Client, decimal } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import type { Naming } from "../schema/naming.js";
import { controlTable, insertInto } from "../schema/schema.js";
import { makeTable } from "../schema/tables.js";

/** The row of the generation; servers take random ids far above it. */
export const generationId = 1;
/** Rows of servers that wrote none for so long are removed. */
const forgottenAfterMillis = 24 * 3_600_000;

/** A row: a server, its walks, or the generation. */
export interface Server {
  readonly id: number;
  /** No write under way, nor one to come of the range, has a lower number; 0 when there are none. */
  readonly busy: number;
  /** The highest number of the range; in the row of walks, the highest that a walk was given. */
  readonly last: number;
  /** When the server wrote the row, in milliseconds of its clock. */
  readonly seen: number;
}

/** The table that servers tell each other by. A read or a write makes it again when it is gone, since it holds nothing that lasts. */
export interface ControlTable {
  readonly read: (signal?: AbortSignal) => Promise<readonly Server[]>;
  readonly put: (id: number, busy: number, last: number) => Promise<unknown>;
  /** Removes rows; a failure changes nothing that matters. */
  readonly remove: (where: string) => Promise<unknown>;
  /** Removes those of these servers that wrote no row for a day. */
  readonly removeSilent: (servers: readonly Server[]) => Promise<void>;
}

export function createControlTable(client: Client, naming: Naming): ControlTable {
  const withTable = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (failureOf(error) !== "no table") throw error;
      await makeTable(client, naming, naming.control, controlTable);
      return work();
    }
  };
  const remove = (where: string): Promise<unknown> =>
    client
      .query(`DELETE FROM ${naming.target(naming.control)} WHERE ${where}`, { retryMillis: 0 })
      .catch(() => undefined);

  return {
    read: (signal) =>
      withTable(async () => {
        const rows = await client.query(
          `SELECT id, busy, last, seen FROM ${naming.control} WHERE id >= ${generationId} LIMIT 1000 OPTION max_matches=1000`,
          { signal },
        );
        return rows.map((row) => ({
          id: decimal(row, 0),
          busy: decimal(row, 1),
          last: decimal(row, 2),
          seen: decimal(row, 3),
        }));
      }),
    put: (id, busy, last) =>
      withTable(() =>
        client.query(
          `${insertInto("REPLACE", naming.target(naming.control), controlTable)}(${id},${busy},${last},${Date.now()})`,
          { doing: "cannot write" },
        ),
      ),
    remove,
    removeSilent: async (servers) => {
      const before = Date.now() - forgottenAfterMillis;
      const old = servers.filter(({ seen }) => seen < before).map(({ id }) => id);
      if (old.length > 0) await remove(`id IN (${old.join(",")}) AND seen < ${before}`);
    },
  };
}
