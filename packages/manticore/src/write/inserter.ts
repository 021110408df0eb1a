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
 * The part of a write that takes processor time: makes rows of requests, and statements of rows. It may run on another
 * thread, so its arguments and results are plain data.
 */
export interface Inserter {
  /**
   * Makes the rows of requests that are written together, and keeps them.
   * @param group a number that no earlier group had.
   * @returns the facts of each request, in their order.
   */
  readonly prepare: (group: number, requests: readonly WriteRequest[]) => Promise<readonly Prepared[]>;
  /** Inserts the rows of some requests of a group. A repeated call skips stored rows. */
  readonly insert: (group: number, requests: readonly number[], turn: InsertTurn) => Promise<Outcome>;
  /** Forgets the rows of a group. */
  readonly release: (group: number) => void;
}

export interface WriteRequest {
  readonly encoded: Uint8Array;
  readonly watched?: WatchedTerms | undefined;
}

/** The facts of a prepared request, or why it cannot be written. */
export type Prepared = PreparedRequest | { readonly error: ErrorData };

export interface PreparedRequest {
  readonly accepted: number;
  readonly rejected: readonly RejectedSpan[];
  /** The windows of its rows. */
  readonly windows: readonly Window[];
  /** The operations of its spans, flattened: the window's name, the service, the name and the kind of each. */
  readonly operations: readonly string[];
  /** The fragments that may match the watched terms. */
  readonly watched?: readonly WatchedFragment[];
}

export interface InsertTurn {
  readonly sequence: number;
  /** Changes when the caller notices a restart of searchd. */
  readonly epoch: number;
}

export type Outcome =
  | {
      readonly failure?: never;
      /** Changes when this inserter notices a restart of searchd. */
      readonly restarts: number;
    }
  | {
      readonly failure: Failure;
      /** A single request may be to blame. */
      readonly isOfOne: boolean;
      readonly error: ErrorData;
    };

export interface InserterParts {
  /** The client of the daemon that holds the rows. */
  readonly client: Client;
  /** The client of the daemon that holds the lists of stop terms. */
  readonly home: Client;
  readonly naming: Naming;
  readonly stopTerms: StopTerms;
  readonly tuning: Tuning;
}

interface Rows {
  readonly fragments: ReadonlyMap<Window, readonly NewRow[]>;
  readonly spans: ReadonlyMap<Window, readonly SpanRow[]>;
}

/** One cache per thread: a resource has the same columns in all namespaces. */
const resources = createSeenResources();

export function createInserter(parts: InserterParts): Inserter {
  const groups = new Map<number, readonly (Rows | undefined)[]>();
  const { client, home, stopTerms } = parts;
  const restarts = (): number => (client === home ? 0 : client.restarts()) + home.restarts();
  let listed = `${restarts()} 0`;

  /** A write may be acknowledged only while the stop-term lists are stored that its rows were indexed with. */
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
          // The thread that prepared them has died.
          if (own === undefined)
            throw new SpanStoreError("STORE_UNAVAILABLE", "the rows of a write are gone");
          return own;
        });
        for (;;) {
          const before = restarts();
          await checkLists(epoch);
          await insert(parts, rows, sequence);
          // A restart of searchd in between may have lost the rows.
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
    // The index leaves out the common terms of the window.
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
