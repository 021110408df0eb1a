import { isSpanStoreError, type RejectedSpan, SpanStoreError } from "@spanstore/core";
import {
  createTurns,
  type ErrorData,
  errorToData,
  splitByTrace,
  type WatchedFragment,
  type WatchedTerms,
  watchedFragments,
} from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import { type Failure, failureOf, storeError } from "../connection/errors.js";
import { maxExtentMillis } from "../read/fragments.js";
import type { Naming } from "../schema/naming.js";
import type { Tuning } from "../schema/tuning.js";
import type { Window } from "../schema/windows.js";
import type { StopTerms } from "../terms/stop-terms.js";
import { insertRows } from "./insert.js";
import { fragmentRows, type NewRow, type SpanRow, spanRows } from "./rows.js";
import { createSeenResources } from "./seen-resources.js";

/**
 * The part of a write that costs processor time: makes requests into rows, and rows into statements. It may run on another
 * thread, so its arguments and results are plain data.
 */
export interface Inserter {
  /**
   * Makes the rows of requests that are to be written together, and keeps them.
   * @param group a number that no earlier group had.
   * @returns what is to be known of them, in their order.
   */
  readonly prepare: (group: number, requests: readonly WriteRequest[]) => Promise<readonly Prepared[]>;
  /** Inserts the rows of some requests of a group. A repeated call passes over stored rows. */
  readonly insert: (group: number, requests: readonly number[], turn: InsertTurn) => Promise<Outcome>;
  /** Forgets the rows of a group. */
  readonly release: (group: number) => void;
}

export interface WriteRequest {
  readonly encoded: Uint8Array;
  readonly watched?: WatchedTerms | undefined;
}

/** The facts of a request that was made into rows, or why it cannot be written. */
export type Prepared = PreparedRequest | { readonly error: ErrorData };

export interface PreparedRequest {
  readonly accepted: number;
  readonly rejected: readonly RejectedSpan[];
  /** Those that its rows belong to. */
  readonly windows: readonly Window[];
  /** The operations that its spans make known, of each its window's name, its service, its name and its kind. */
  readonly operations: readonly string[];
  /** The fragments that may match what is watched. */
  readonly watched?: readonly WatchedFragment[];
}

export interface InsertTurn {
  readonly sequence: number;
  /** Changes whenever the caller has found that searchd started again. */
  readonly epoch: number;
}

export type Outcome =
  | {
      readonly failure?: never;
      /** Changes whenever this inserter has found that searchd started again. */
      readonly restarts: number;
    }
  | {
      readonly failure: Failure;
      /** One of several requests may be to blame. */
      readonly isOfOne: boolean;
      readonly error: ErrorData;
    };

export interface InserterParts {
  /** Of the daemon that holds the rows. */
  readonly client: Client;
  /** Of the daemon that holds the lists of stop terms. */
  readonly home: Client;
  readonly naming: Naming;
  readonly stopTerms: StopTerms;
  readonly tuning: Tuning;
}

interface Rows {
  readonly fragments: ReadonlyMap<Window, readonly NewRow[]>;
  readonly spans: ReadonlyMap<Window, readonly SpanRow[]>;
}

/** Those of a thread, whatever spaces its requests are for: what a resource makes is the same in all of them. */
const resources = createSeenResources();

export function createInserter(parts: InserterParts): Inserter {
  const groups = new Map<number, readonly (Rows | undefined)[]>();
  const { client, home, stopTerms } = parts;
  const restarts = (): number => (client === home ? 0 : client.restarts()) + home.restarts();
  let listed = `${restarts()} 0`;

  /** Rows may be acknowledged only while the lists are stored by which terms of them were left out. */
  const checkLists = async (epoch: number): Promise<void> => {
    for (;;) {
      const now = `${restarts()} ${epoch}`;
      if (now === listed) return;
      await stopTerms.restore();
      listed = now;
    }
  };

  return {
    prepare: async (group, all) => {
      const rows: (Rows | undefined)[] = [];
      const requests: Prepared[] = [];
      const turns = createTurns();
      for (const each of all) {
        try {
          const prepared = await prepare(parts, each);
          rows.push(prepared.rows);
          requests.push(prepared.request);
        } catch (error) {
          rows.push(undefined);
          requests.push({ error: errorToData(storeError(error, "cannot write")) });
        }
        await turns();
      }
      groups.set(group, rows);
      return requests;
    },

    insert: async (group, requests, { sequence, epoch }) => {
      try {
        const known = groups.get(group);
        const rows = requests.map((request) => {
          const own = known?.[request];
          // They were made on a thread that has died since.
          if (own === undefined)
            throw new SpanStoreError("STORE_UNAVAILABLE", "the rows of a write are gone");
          return own;
        });
        for (;;) {
          const before = restarts();
          await checkLists(epoch);
          await insert(parts, rows, sequence);
          // Rows of a searchd that has started again since may be lost.
          if (restarts() === before) return { restarts: before };
        }
      } catch (error) {
        const failure = failureOf(error);
        return {
          failure,
          isOfOne: isSpanStoreError(error) ? error.code !== "STORE_UNAVAILABLE" : failure === "other",
          error: errorToData(storeError(error, "cannot write")),
        };
      }
    },

    release: (group) => {
      groups.delete(group);
    },
  };
}

async function prepare(
  { naming, stopTerms, tuning }: InserterParts,
  { encoded, watched }: WriteRequest,
): Promise<{ readonly rows: Rows; readonly request: PreparedRequest }> {
  const split = splitByTrace(encoded, { maxExtentMillis });
  const all = spanRows(encoded, split, resources, tuning.idOf);
  const spans = byWindow(all, ({ unixNano }) => naming.windows.at(unixNano));
  const fragments = new Map<Window, NewRow[]>();
  const services = new Set(all.map(({ operation }) => operation.service));
  const windows = byWindow(split.fragments, (each) => naming.windows.at(each.newestStartUnixNano));
  for (const [window, own] of windows) {
    // Common terms of the window are left out.
    const stop = await stopTerms.learn(window, own, services);
    fragments.set(window, fragmentRows(own, stop, tuning.idOf, naming.fragmentShape));
  }
  const named = new Map([...fragments.keys(), ...spans.keys()].map((window) => [window.name, window]));
  return {
    rows: { fragments, spans },
    request: {
      accepted: split.spanCount,
      rejected: split.rejected,
      windows: [...named.values()],
      operations: operationsOf(spans),
      ...(watched === undefined ? {} : { watched: watchedFragments(split, watched) }),
    },
  };
}

async function insert(
  { client, naming, tuning }: InserterParts,
  requests: readonly Rows[],
  sequence: number,
): Promise<void> {
  const fragments = joined(requests.map((each) => each.fragments));
  const spans = joined(requests.map((each) => each.spans));
  await Promise.all([
    ...Array.from(fragments, ([window, rows]) => {
      const table = naming.fragmentTable(window);
      const target = { table, name: naming.target(table), shape: naming.fragmentShape, ids: window.ids };
      return insertRows(client, { ...target, lead: `${sequence},` }, rows, tuning);
    }),
    ...Array.from(spans, ([window, rows]) => {
      const table = naming.spanTable(window);
      const target = { table, name: naming.target(table), shape: naming.spanShape, ids: window.ids };
      return insertRows(client, target, rows, tuning);
    }),
  ]);
}

/** The rows of several requests, by window. */
function joined<T>(maps: readonly ReadonlyMap<Window, readonly T[]>[]): Map<Window, readonly T[]> {
  const byName = new Map<string, readonly [Window, T[]]>();
  for (const map of maps) {
    for (const [window, rows] of map) {
      const known = byName.get(window.name);
      if (known === undefined) byName.set(window.name, [window, [...rows]]);
      else for (const row of rows) known[1].push(row);
    }
  }
  return new Map(byName.values());
}

function byWindow<T>(items: readonly T[], windowOf: (item: T) => Window): Map<Window, T[]> {
  const byName = new Map<string, T[]>();
  const windows = new Map<Window, T[]>();
  for (const item of items) {
    const window = windowOf(item);
    let own = byName.get(window.name);
    if (own === undefined) {
      own = [];
      byName.set(window.name, own);
      windows.set(window, own);
    }
    own.push(item);
  }
  return windows;
}

function operationsOf(spans: ReadonlyMap<Window, readonly SpanRow[]>): string[] {
  const operations: string[] = [];
  for (const [window, rows] of spans) {
    for (const { service, name, spanKind } of new Set(rows.map(({ operation }) => operation))) {
      if (service !== "") operations.push(window.name, service, name, spanKind);
    }
  }
  return operations;
}
