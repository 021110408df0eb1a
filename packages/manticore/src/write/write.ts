import { SpanStoreError, type WriteResult } from "@spanstore/core";
import { createGroupCommit, errorFromData, type GroupItem } from "@spanstore/core/engine";
import { storeError } from "../connection/errors.js";
import type { Control } from "../coordination/control.js";
import type { Gate } from "../coordination/gate.js";
import type { Restarts } from "../coordination/restarts.js";
import type { Write } from "../read/spread.js";
import type { Catalog } from "../schema/catalog.js";
import type { Window } from "../schema/windows.js";
import type { Inserter, PreparedRequest, WriteRequest } from "./inserter.js";
import type { Operations } from "./operations.js";
import type { SeenOperation } from "./operations-in-spans.js";

/** Requests that wait at the same time share statements, up to this many bytes. */
const maxGroupBytes = 1024 * 1024;
/**
 * While a group is written, the next begins once this many bytes wait: a few large groups cost less than many small
 * ones.
 */
const minGroupBytes = 256 * 1024;
/** A smaller group is written on the main thread, where it takes about as long as a search. */
const minThreadBytes = 64 * 1024;
/** Attempts of a write whose tables are dropped or whose searchd restarts. */
const maxTries = 5;

export interface WriterParts {
  /** The inserter on the main thread. */
  readonly inserter: Inserter;
  /** The inserter on another thread, for large groups. */
  readonly threadInserter?: Inserter | undefined;
  readonly catalog: Catalog;
  readonly control: Control;
  readonly restarts: Restarts;
  readonly operations: Operations;
  readonly gate: Gate;
  /** Groups that are written at the same time. */
  readonly lanes: number;
}

type Request = GroupItem<WriteRequest, WriteResult>;

/** A request whose rows are made. `at` is its index in the group. */
interface Ready extends PreparedRequest {
  readonly at: number;
  readonly request: Request;
}

/** Writes requests; those that wait at the same time are written together. */
export function createWriter(parts: WriterParts): Write {
  const { gate, lanes } = parts;
  let lastGroup = 0;

  const write = async (requests: readonly Request[]): Promise<void> => {
    const group = ++lastGroup;
    const inserter = inserterFor(requests);
    try {
      const prepared = await inserter.prepare(
        group,
        requests.map(({ item }) => item),
      );
      const ready: Ready[] = [];
      requests.forEach((request, at) => {
        const own = prepared[at];
        if (own === undefined) throw new SpanStoreError("INTERNAL", "a request was not made into rows");
        if ("error" in own) request.reject(errorFromData(own.error));
        else ready.push({ ...own, at, request });
      });
      await commit(inserter, group, ready);
    } catch (error) {
      throw storeError(error, "cannot write");
    } finally {
      inserter.release(group);
    }
  };

  const inserterFor = (requests: readonly Request[]): Inserter => {
    const bytes = requests.reduce((sum, { item }) => sum + item.encoded.length, 0);
    return bytes < minThreadBytes ? parts.inserter : (parts.threadInserter ?? parts.inserter);
  };

  const commit = async (inserter: Inserter, group: number, ready: readonly Ready[]): Promise<void> => {
    if (ready.length === 0) return;
    const failure = await gate.shared(() => writeGroup(parts, inserter, group, ready));
    // A failure that one request causes must not fail the others.
    if (failure?.isOfOne === true && ready.length > 1) {
      for (const each of ready) await commit(inserter, group, [each]);
      return;
    }
    for (const { request, accepted, rejected, watched } of ready) {
      const own = watched === undefined ? {} : { watched };
      if (failure === undefined) request.resolve({ accepted, rejected, ...own });
      else request.reject(errorFromData(failure.error));
    }
  };

  const commitTogether = createGroupCommit({
    bytesOf: ({ encoded }: WriteRequest) => encoded.length,
    maxGroupBytes,
    minGroupBytes,
    concurrency: lanes,
    write,
  });
  // After an abort the group goes on while the caller may reuse its bytes, so an abortable call copies them.
  return (encoded, signal, watched) =>
    commitTogether({ encoded: signal === undefined ? encoded : new Uint8Array(encoded), watched }, signal);
}

type GroupFailure = Extract<Awaited<ReturnType<Inserter["insert"]>>, { readonly error: unknown }>;

/** Writes a group, again if searchd restarts meanwhile. @returns the failure; undefined on success. */
async function writeGroup(
  parts: WriterParts,
  inserter: Inserter,
  group: number,
  ready: readonly Ready[],
): Promise<GroupFailure | undefined> {
  const windows = new Map(ready.flatMap((each) => each.windows.map((window) => [window.name, window])));
  // The group has no spans, or all were rejected.
  if (windows.size === 0) return undefined;
  for (let attempt = 1; attempt <= maxTries; attempt++) {
    const epoch = await parts.restarts.settled();
    const outcome = await writeInEpoch(parts, inserter, { group, ready, windows, epoch });
    // A restart of searchd in between may have lost the rows.
    if (outcome !== undefined || parts.restarts.epoch() === epoch) return outcome;
  }
  throw new SpanStoreError("STORE_UNAVAILABLE", "cannot write: searchd keeps restarting", {
    hint: "searchd's log says why it ends",
  });
}

interface GroupWrite {
  readonly group: number;
  readonly ready: readonly Ready[];
  readonly windows: ReadonlyMap<string, Window>;
  readonly epoch: number;
}

async function writeInEpoch(
  { catalog, control, operations, restarts }: WriterParts,
  inserter: Inserter,
  { group, ready, windows, epoch }: GroupWrite,
): Promise<GroupFailure | undefined> {
  const requests = ready.map(({ at }) => at);
  const turn = await control.begin();
  let isUpgraded = false;
  try {
    for (let attempt = 1; ; attempt++) {
      await catalog.ensure(windows.values());
      const outcome = await inserter.insert(group, requests, { sequence: turn.sequence, epoch });
      if (outcome.failure === undefined) {
        restarts.report(inserter, outcome.restarts);
        break;
      }
      if (outcome.failure === "no column" && !isUpgraded) {
        await catalog.upgrade(windows.values());
        isUpgraded = true;
        continue;
      }
      // Another server dropped a window meanwhile.
      if (outcome.failure !== "no table" || attempt === maxTries) return outcome;
      catalog.forget();
    }
    await operations.note(operationsOf(ready, windows), turn);
    return undefined;
  } finally {
    control.end(turn.sequence);
  }
}

function operationsOf(ready: readonly Ready[], windows: ReadonlyMap<string, Window>): SeenOperation[] {
  const seen = new Map<string, SeenOperation>();
  for (const { operations } of ready) {
    for (let i = 0; i < operations.length; i += 4) {
      const [windowName, service, name, spanKind] = operations.slice(i, i + 4) as [
        string,
        string,
        string,
        string,
      ];
      const window = windows.get(windowName);
      const key = `${windowName} ${spanKind} ${service.length} ${service}${name}`;
      if (window !== undefined && !seen.has(key)) seen.set(key, { window, service, name, spanKind });
    }
  }
  return [...seen.values()];
}
