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
  /** Makes operations known whose spans are written, in this turn. */
  readonly note: (seen: Iterable<SeenOperation>, turn: Pick<WriteTurn, "generation">) => Promise<void>;
  /** Their rows may be lost: {@link Operations.note} writes them again. @returns windows that it noted some of. */
  readonly forget: () => readonly Window[];
  readonly services: (signal?: AbortSignal) => Promise<string[]>;
  readonly of: (service: string, signal?: AbortSignal) => Promise<Operation[]>;
  /** The windows that it knows operations of. */
  readonly windows: () => Promise<readonly Window[]>;
  /** Forgets what no span of these windows says any more; around it the generation has to be raised. */
  readonly prune: (windows: readonly Window[], present: (window: Window) => boolean) => Promise<void>;
  /** Makes known what the spans of these windows say, each name in the latest of them. */
  readonly renew: (windows: readonly Window[]) => Promise<void>;
  readonly clear: () => Promise<void>;
}

/** Operations that are remembered to be known, so that most writes need not touch their table. */
const maxKnown = 100_000;
const maxNoted = 64;

export function createOperations(
  client: Client,
  naming: Naming,
  places: readonly Place[],
  { rowsPerPage }: Tuning,
): Operations {
  const table = createOperationTable(client, naming, rowsPerPage);
  /** The start of the latest window that an operation is known in, by {@link keyOf}. */
  const known = createSeenSet<bigint>(maxKnown, (before, start) => before >= start);
  /** Windows that this server noted operations of, the latest last. */
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
      // Deletions go by time: while a later window has a name, no row of an earlier one is needed.
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

/** A window that was dropped meanwhile says nothing. */
function noneOfDropped(error: unknown): readonly SeenOperation[] {
  if (failureOf(error) !== "no table") throw error;
  return [];
}
