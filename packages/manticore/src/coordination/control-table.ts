import { type Client, decimal } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import type { Naming } from "../schema/naming.js";
import { controlTable, insertInto } from "../schema/schema.js";
import { makeTable } from "../schema/tables.js";

/** The id of the generation's row; servers have random ids far above it. */
export const generationId = 1;
/** The age at which the row of a silent server is removed. */
const forgottenAfterMillis = 24 * 3_600_000;

/** A row: of a server's writes, of its walks, or of the generation. */
export interface Server {
  readonly id: number;
  /** The lowest number of a write in flight or still to come from the range; 0 without any. */
  readonly busy: number;
  /**
   * The highest number of the range; in a row of walks, the highest number of a walk; in the generation's row, the
   * generation.
   */
  readonly last: number;
  /** When the server wrote the row, in milliseconds by its clock. */
  readonly seen: number;
}

/**
 * The table through which servers coordinate. Reads and writes make it again when it is gone: it holds nothing durable.
 */
export interface ControlTable {
  readonly read: (signal?: AbortSignal) => Promise<readonly Server[]>;
  readonly put: (id: number, busy: number, last: number) => Promise<unknown>;
  /** Removes rows. A failure is harmless and ignored. */
  readonly remove: (where: string) => Promise<unknown>;
  /** Removes the rows of those servers that have been silent for a day. */
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
