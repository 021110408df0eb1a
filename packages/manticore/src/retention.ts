import { spansSince, splitByTrace, type Term } from "@spanstore/core";
import { maxExtentMicros } from "./candidates.js";
import type { Catalog } from "./catalog.js";
import { type Client, decimal, integer, type Row } from "./client.js";
import type { Control } from "./control.js";
import type { Gate } from "./gate.js";
import { insertRows } from "./insert.js";
import { unescaped } from "./literals.js";
import type { Naming } from "./naming.js";
import type { Operations } from "./operations.js";
import { fragmentRows } from "./rows.js";
import { fragmentTable } from "./schema.js";
import type { Tuning } from "./tuning.js";
import type { Window } from "./windows.js";
import { maxExtentMillis } from "./write.js";

const noTerms: ReadonlySet<Term> = new Set();
const thousand = 1000n;
const maxUnixNano = (1n << 64n) - 1n;
/** So often spans of other servers may come behind a deletion's back before it leaves them there. */
const maxRounds = 20;

export interface RetentionParts {
  readonly client: Client;
  readonly naming: Naming;
  readonly catalog: Catalog;
  readonly control: Control;
  readonly operations: Operations;
  readonly gate: Gate;
  readonly tuning: Tuning;
  /** The window that the clock stands in; its tables stay, so that there is always a union. */
  readonly currentWindow: () => Window;
}

export interface Retention {
  readonly deleteBefore: (timeUnixNano: bigint) => Promise<void>;
  readonly purge: () => Promise<void>;
}

export function createRetention(parts: RetentionParts): Retention {
  const { client, naming, catalog, control, operations, gate, tuning, currentWindow } = parts;

  const truncate = async (window: Window): Promise<void> => {
    await client.query(`TRUNCATE TABLE ${naming.target(naming.fragmentTable(window))}`);
    await client.query(`TRUNCATE TABLE ${naming.target(naming.spanTable(window))}`);
  };

  /** Windows as a whole: the current one is emptied, the others go. */
  const remove = async (windows: readonly Window[]): Promise<void> => {
    const current = currentWindow().name;
    if (windows.some(({ name }) => name === current)) await truncate(currentWindow());
    const others = windows.filter(({ name }) => name !== current);
    if (others.length === 0) return;
    await catalog.ensure([currentWindow()]);
    await catalog.drop(others);
  };

  /** Takes the spans before a time out of a window. @returns whether there were any. */
  const cut = async (window: Window, time: bigint): Promise<boolean> => {
    const micros = time / thousand;
    let found = await cutFragments(window, time);
    const old = [`start_time < ${micros}`];
    if (time % thousand > 0n) old.push(`start_time = ${micros} AND start_time_nanos < ${time % thousand}`);
    found = (await deleteWhere(naming.fragmentTable(window), `start_time < ${micros}`)) || found;
    for (const where of old) found = (await deleteWhere(naming.spanTable(window), where)) || found;
    return found;
  };

  const deleteWhere = async (table: string, where: string): Promise<boolean> => {
    const rows = await client.query(`SELECT id FROM ${table} WHERE ${where} LIMIT 1 OPTION max_matches=1`);
    if (rows.length === 0) return false;
    await client.query(`DELETE FROM ${naming.target(table)} WHERE ${where}`);
    return true;
  };

  /** Fragments whose newest span stays, and others perhaps not: what is left of them takes their place. */
  const cutFragments = async (window: Window, time: bigint): Promise<boolean> => {
    const table = naming.fragmentTable(window);
    const first = time / thousand;
    let changed = false;
    for (let after = 0n; ; ) {
      const rows = await client.query(
        `SELECT id, start_time, sequence, encoded FROM ${table} WHERE id > ${after} ` +
          `AND start_time >= ${first} AND start_time <= ${first + maxExtentMicros} ` +
          `ORDER BY id ASC LIMIT ${tuning.fragmentsPerPage} OPTION max_matches=${tuning.fragmentsPerPage}`,
      );
      for (const row of rows) changed = (await cutFragment(window, row, time)) || changed;
      const last = rows[rows.length - 1];
      if (rows.length < tuning.fragmentsPerPage || last === undefined) return changed;
      after = integer(last, 0);
    }
  };

  const cutFragment = async (window: Window, row: Row, time: bigint): Promise<boolean> => {
    const table = naming.fragmentTable(window);
    const encoded = unescaped(row[3] as Buffer);
    const left = spansSince(encoded, time);
    if (left === encoded) return false;
    const remove = `DELETE FROM ${naming.target(table)} WHERE id = ${integer(row, 0)}`;
    if (left === undefined) {
      await client.query(remove);
      return true;
    }
    const { fragments } = splitByTrace(left, { maxExtentMillis });
    const target = {
      table,
      name: naming.target(table),
      shape: fragmentTable,
      ids: window.ids,
      lead: `${decimal(row, 2)},`,
    };
    // First what stays: should it end here, there are copies, which no read shows.
    await insertRows(client, target, fragmentRows(fragments, noTerms, tuning.idOf), tuning);
    await client.query(remove);
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
          const windows = (await catalog.list()).filter(({ startUnixNano }) => startUnixNano < time);
          for (const window of windows) touched.set(window.name, window);
          await remove(windows.filter(({ endUnixNano }) => endUnixNano <= time));
          const boundary = windows.find(({ endUnixNano }) => endUnixNano > time);
          return boundary !== undefined && (await cut(boundary, time));
        });
        if (!found) break;
      }
      await renewOperations([...touched.values()]);
    },
    purge: () => purgeAll(),
  };

  async function purgeAll(): Promise<void> {
    await control.raiseGeneration();
    await gate.alone(async () => {
      await remove(await catalog.list());
      await operations.clear();
    });
    await control.raiseGeneration();
    await operations.renew(await catalog.list());
  }

  /** Names follow the spans; spans that come meanwhile are looked for after the generation has told of it. */
  async function renewOperations(touched: readonly Window[]): Promise<void> {
    const before = new Set((await catalog.list()).map(({ name }) => name));
    await operations.prune(touched, ({ name }) => before.has(name));
    await control.raiseGeneration();
    const now = new Set((await catalog.list()).map(({ name }) => name));
    await operations.renew(touched.filter(({ name }) => now.has(name)));
  }
}
