import { setImmediate as nextTurn } from "node:timers/promises";
import {
  isSpanStoreError,
  type Split,
  splitByTrace,
  throwIfAborted,
  type WriteResult,
} from "@spanstore/core";
import type { Catalog } from "./catalog.js";
import type { Client } from "./client.js";
import type { Control } from "./control.js";
import { failureOf, storeError } from "./errors.js";
import type { Gate } from "./gate.js";
import { insertRows } from "./insert.js";
import type { Naming } from "./naming.js";
import type { Operations, SeenOperation } from "./operations.js";
import { fragmentRows, type NewRow, type SpanRow, spanRows } from "./rows.js";
import { fragmentTable, spanTable } from "./schema.js";
import type { StopTerms } from "./stop-terms.js";
import type { Tuning } from "./tuning.js";
import type { Window } from "./windows.js";

/** The spans of a fragment start within this time, so that a search knows where to look; see `read.ts`. */
export const maxExtentMillis = 60_000;
/** Requests that came meanwhile share statements, up to this many bytes of them. */
const maxGroupBytes = 2 * 1024 * 1024;
/** So often tables may vanish under a write before that is an error. */
const maxTries = 5;

export interface WriterParts {
  readonly client: Client;
  readonly naming: Naming;
  readonly catalog: Catalog;
  readonly control: Control;
  readonly operations: Operations;
  readonly stopTerms: StopTerms;
  readonly gate: Gate;
  readonly tuning: Tuning;
  /** How many groups are written at the same time. */
  readonly lanes: number;
}

interface Waiting {
  readonly encoded: Uint8Array;
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Prepared {
  readonly request: Waiting;
  readonly split: Split;
  readonly spans: readonly SpanRow[];
}

/** Writes requests, those together that wait at the same time. */
export function createWriter(
  parts: WriterParts,
): (encoded: Uint8Array, signal?: AbortSignal) => Promise<WriteResult> {
  let waiting: Waiting[] = [];
  let busy = 0;

  const takeGroup = (): Waiting[] => {
    let bytes = 0;
    let taken = 0;
    for (const { encoded } of waiting) {
      if (taken > 0 && bytes + encoded.length > maxGroupBytes) break;
      taken++;
      bytes += encoded.length;
    }
    const group = waiting.slice(0, taken);
    waiting = waiting.slice(taken);
    return group;
  };

  const runLane = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group: Prepared[] = [];
      for (const request of takeGroup()) {
        const prepared = prepare(request, parts.tuning);
        if (prepared !== undefined) group.push(prepared);
        // A large request takes milliseconds, and reads want their turn.
        await nextTurn();
      }
      await commit(group);
    }
  };

  const commit = async (group: readonly Prepared[]): Promise<void> => {
    if (group.length === 0) return;
    try {
      await parts.gate.shared(() => writeGroup(parts, group));
    } catch (error) {
      // What only one of them is to blame for must not fail the others.
      if (group.length > 1 && isOfOne(error)) {
        for (const each of group) await commit([each]);
        return;
      }
      for (const { request } of group) request.reject(storeError(error, "cannot write"));
      return;
    }
    for (const { request, split } of group) {
      request.resolve({ accepted: split.spanCount, rejected: split.rejected });
    }
  };

  const start = (): void => {
    if (busy >= parts.lanes || waiting.length === 0) return;
    busy++;
    void runLane().finally(() => {
      busy--;
      start();
    });
  };

  return async (encoded, signal) => {
    throwIfAborted(signal);
    return new Promise((resolve, reject) => {
      waiting.push({ encoded, resolve, reject });
      // Those that come in the same turn go together.
      setImmediate(start);
    });
  };
}

/** Whether one of several requests may be to blame for an error. */
function isOfOne(error: unknown): boolean {
  return isSpanStoreError(error) ? error.code !== "STORE_UNAVAILABLE" : failureOf(error) === "other";
}

function prepare(request: Waiting, { idOf }: Tuning): Prepared | undefined {
  try {
    const split = splitByTrace(request.encoded, { maxExtentMillis });
    return { request, split, spans: spanRows(request.encoded, split, idOf) };
  } catch (error) {
    request.reject(error);
    return undefined;
  }
}

async function writeGroup(parts: WriterParts, group: readonly Prepared[]): Promise<void> {
  const { client, naming, catalog, control, operations, tuning } = parts;
  const spans = byWindow(
    group.flatMap((prepared) => prepared.spans),
    ({ startUnixNano }) => naming.windows.at(startUnixNano),
  );
  if (spans.size === 0) return;
  const fragments = await indexed(parts, group);
  const sequence = await control.begin();
  try {
    for (let attempt = 1; ; attempt++) {
      await catalog.ensure(new Set([...fragments.keys(), ...spans.keys()]));
      try {
        await Promise.all([
          ...Array.from(fragments, ([window, rows]) => {
            const table = naming.fragmentTable(window);
            const target = {
              table,
              name: naming.target(table),
              shape: fragmentTable,
              ids: window.ids,
              lead: `${sequence},`,
            };
            return insertRows(client, target, rows, tuning);
          }),
          ...Array.from(spans, ([window, rows]) => {
            const table = naming.spanTable(window);
            return insertRows(
              client,
              { table, name: naming.target(table), shape: spanTable, ids: window.ids },
              rows,
              tuning,
            );
          }),
        ]);
        break;
      } catch (error) {
        // A server dropped a window meanwhile.
        if (failureOf(error) !== "no table" || attempt === maxTries) throw error;
        catalog.forget();
      }
    }
    await operations.note(operationsOf(spans));
  } finally {
    control.end(sequence);
  }
}

/** The rows of a group's fragments by window, without the terms that are too common there. */
async function indexed(
  { naming, stopTerms, tuning }: WriterParts,
  group: readonly Prepared[],
): Promise<Map<Window, NewRow[]>> {
  const rows = new Map<string, readonly [Window, NewRow[]]>();
  for (const { split, spans } of group) {
    const windows = byWindow(split.fragments, (each) => naming.windows.at(each.newestStartUnixNano));
    for (const [window, fragments] of windows) {
      const services = new Set(spans.map(({ service }) => service));
      const stop = await stopTerms.learn(window, fragments, services);
      const known = rows.get(window.name);
      const own = known?.[1] ?? [];
      if (known === undefined) rows.set(window.name, [window, own]);
      own.push(...fragmentRows(fragments, stop, tuning.idOf));
      await nextTurn();
    }
  }
  return new Map(rows.values());
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

function operationsOf(spans: ReadonlyMap<Window, readonly SpanRow[]>): SeenOperation[] {
  const seen = new Map<string, SeenOperation>();
  for (const [window, rows] of spans) {
    for (const { service, name, spanKind } of rows) {
      if (service === "") continue;
      const key = `${window.name} ${spanKind} ${service.length} ${service}${name}`;
      if (!seen.has(key)) seen.set(key, { window, service, name, spanKind });
    }
  }
  return [...seen.values()];
}
