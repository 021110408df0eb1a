import type { Operation } from "@spanstore/core";
import { createSeenSet } from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import type { WriteTurn } from "../coordination/control.js";
import type { Naming } from "../schema/naming.js";
import type { Place } from "../schema/places.js";
import type { Tuning } from "../schema/tuning.js";
import type { Window } from "../schema/windows.js";
import { idOf, keyOf, latest, rowsOf, serviceToken, startOf, tokenOf } from "./operation-rows.js";
import { createOperationTable } from "./operation-table.js";
import { operationsInSpans, type SeenOperation, textOf } from "./operations-in-spans.js";

export interface Operations {
  /** Stores the operations of spans that this turn has written. */
  readonly note: (seen: Iterable<SeenOperation>, turn: Pick<WriteTurn, "generation">) => Promise<void>;
  /**
   * Empties the cache, so that {@link Operations.note} writes lost rows again.
   * @returns the windows noted by this server.
   */
  readonly forget: () => readonly Window[];
  readonly services: (signal?: AbortSignal) => Promise<string[]>;
  readonly of: (service: string, signal?: AbortSignal) => Promise<Operation[]>;
  /** The windows with rows of operations. */
  readonly windows: () => Promise<readonly Window[]>;
  /** Removes operations of these windows that have no spans left. The caller raises the generation before and after. */
  readonly prune: (windows: readonly Window[], present: (window: Window) => boolean) => Promise<void>;
  /** Stores the operations of the spans in these windows, each name in its latest window. */
  readonly renew: (windows: readonly Window[]) => Promise<void>;
  readonly clear: () => Promise<void>;
}

/** Operations in the cache of stored ones, with which most writes need not touch the table. */
const maxKnown = 100_000;
const maxNoted = 64;

export function createOperations(
  client: Client,
  naming: Naming,
  places: readonly Place[],
  { rowsPerPage }: Tuning,
): Operations {
  const table = createOperationTable(client, naming, rowsPerPage);
  /** The start of the latest window with a stored row, by {@link keyOf}. */
  const known = createSeenSet<bigint>(maxKnown, (before, start) => before >= start);
  /** Windows in which this server noted operations, the latest last. */
  const noted = new Map<string, Window>();

  const inSpansOf = async (window: Window): Promise<SeenOperation[]> => {
    const seen: SeenOperation[] = [];
    for (const place of places) seen.push(...(await operationsInSpans(place, window)));
    return seen;
  };

  return {
    note: async (operations, turn) => {
      const generation = await turn.generation();
      const rows = [...latest(rowsOf(operations)).values()].filter((row) => {
        const start = known.get(keyOf(row), generation);
        return start === undefined || start < startOf(row.window);
      });
      if (rows.length === 0) return;
      for (const { window } of rows) {
        noted.delete(window.name);
        noted.set(window.name, window);
        if (noted.size > maxNoted) noted.delete(noted.keys().next().value as string);
      }
      // Deletions go by time, so a name needs only the row of its latest window.
      const earlier = rows.flatMap((row) => {
        const start = known.get(keyOf(row), generation);
        return start === undefined ? [] : [idOf({ ...row, window: naming.windows.at(start * 1000n) })];
      });
      const before = client.restarts();
      await table.put(rows);
      if (client.restarts() !== before) return;
      known.confirm(
        rows.map((row) => [keyOf(row), startOf(row.window)]),
        generation,
      );
      await table.remove(earlier);
    },

    forget: () => {
      known.forget(() => true);
      return [...noted.values()];
    },

    services: async (signal) => {
      const rows = await table.all("service", serviceToken, signal);
      return [...new Set(rows.map(([, service]) => textOf(service)))];
    },

    of: async (service, signal) => {
      const operations = new Map<string, Operation>();
      for (const [, of, name, kind] of await table.all("service, name, kind", tokenOf(service), signal)) {
        if (textOf(of) !== service) continue;
        const operation = { name: textOf(name), spanKind: textOf(kind) };
        operations.set(`${operation.spanKind}:${operation.name}`, operation);
      }
      return [...operations.values()];
    },

    windows: table.windows,

    prune: async (windows, present) => {
      for (const window of windows) {
        const left = present(window) ? await inSpansOf(window) : [];
        const kept = new Set(rowsOf(left).map(idOf));
        await table.remove((await table.idsOf(window)).filter((id) => !kept.has(id)));
      }
    },

    renew: async (windows) => {
      const listed = new Set<string>();
      for (const window of [...windows].sort((a, b) => (a.startUnixNano > b.startUnixNano ? -1 : 1))) {
        const rows = rowsOf(await inSpansOf(window).catch(noneOfDropped)).filter(
          (row) => !listed.has(keyOf(row)),
        );
        for (const row of rows) listed.add(keyOf(row));
        await table.put(rows);
      }
    },

    clear: table.clear,
  };
}

/** A window that was dropped meanwhile has no operations. */
function noneOfDropped(error: unknown): readonly SeenOperation[] {
  if (failureOf(error) !== "no table") throw error;
  return [];
}
