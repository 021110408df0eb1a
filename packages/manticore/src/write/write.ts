import { SpanStoreError, type WriteResult } from "@spanstore/core";
import { errorFromData, throwIfAborted } from "@spanstore/core/engine";
import { storeError } from "../connection/errors.js";
import type { Control } from "../coordination/control.js";
import type { Gate } from "../coordination/gate.js";
import type { Catalog } from "../schema/catalog.js";
import type { Window } from "../schema/windows.js";
import type { Inserter, PreparedRequest } from "./inserter.js";
import type { Operations, SeenOperation } from "./operations.js";

/** Requests that came meanwhile share statements, up to this many bytes of them. */
const maxGroupBytes = 1024 * 1024;
/** While a group is under way, another one begins when so many bytes wait: many small ones cost more than a few. */
const minGroupBytes = 256 * 1024;
/** A smaller group is not worth the way to another thread: on this one it takes about as long as a search. */
const minThreadBytes = 64 * 1024;
/** So often tables may vanish under a write before that is an error. */
const maxTries = 5;

export interface WriterParts {
  /** On this thread. */
  readonly inserter: Inserter;
  /** On another one, for what takes long. */
  readonly threadInserter?: Inserter | undefined;
  readonly catalog: Catalog;
  readonly control: Control;
  readonly operations: Operations;
  readonly gate: Gate;
  /** How many groups are written at the same time. */
  readonly lanes: number;
}

interface Waiting {
  readonly encoded: Uint8Array;
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (error: unknown) => void;
}

/** A request of a group whose rows are made. */
interface Ready extends PreparedRequest {
  readonly at: number;
  readonly request: Waiting;
}

/** Writes requests, those together that wait at the same time. */
export function createWriter(
  parts: WriterParts,
): (encoded: Uint8Array, signal?: AbortSignal) => Promise<WriteResult> {
  const { gate, lanes } = parts;
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let busy = 0;
  let lastGroup = 0;

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
    waitingBytes -= bytes;
    return group;
  };

  const writeNext = async (): Promise<void> => {
    const requests = takeGroup();
    const group = ++lastGroup;
    const inserter = inserterFor(requests);
    try {
      const prepared = await inserter.prepare(
        group,
        requests.map(({ encoded }) => encoded),
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
      for (const { reject } of requests) reject(storeError(error, "cannot write"));
    } finally {
      inserter.release(group);
    }
  };

  const inserterFor = (requests: readonly Waiting[]): Inserter => {
    const bytes = requests.reduce((sum, { encoded }) => sum + encoded.length, 0);
    return bytes < minThreadBytes ? parts.inserter : (parts.threadInserter ?? parts.inserter);
  };

  const commit = async (inserter: Inserter, group: number, ready: readonly Ready[]): Promise<void> => {
    if (ready.length === 0) return;
    const failure = await gate.shared(() => writeGroup(parts, inserter, group, ready));
    // What only one of them is to blame for must not fail the others.
    if (failure?.isOfOne === true && ready.length > 1) {
      for (const each of ready) await commit(inserter, group, [each]);
      return;
    }
    for (const { request, accepted, rejected } of ready) {
      if (failure === undefined) request.resolve({ accepted, rejected });
      else request.reject(errorFromData(failure.error));
    }
  };

  const start = (): void => {
    if (waiting.length === 0 || busy >= lanes || (busy > 0 && waitingBytes < minGroupBytes)) return;
    busy++;
    void writeNext().finally(() => {
      busy--;
      start();
    });
    start();
  };

  return async (encoded, signal) => {
    throwIfAborted(signal);
    return new Promise((resolve, reject) => {
      waiting.push({ encoded, resolve, reject });
      waitingBytes += encoded.length;
      // Those that come in the same turn go together.
      setImmediate(start);
    });
  };
}

type GroupFailure = Extract<Awaited<ReturnType<Inserter["insert"]>>, { readonly error: unknown }>;

/** @returns why it was not written; undefined when it was. */
async function writeGroup(
  { catalog, control, operations }: WriterParts,
  inserter: Inserter,
  group: number,
  ready: readonly Ready[],
): Promise<GroupFailure | undefined> {
  const windows = new Map(ready.flatMap((each) => each.windows.map((window) => [window.name, window])));
  // All of its spans were rejected, or it has none.
  if (windows.size === 0) return undefined;
  const requests = ready.map(({ at }) => at);
  const turn = await control.begin();
  try {
    for (let attempt = 1; ; attempt++) {
      await catalog.ensure(windows.values());
      const outcome = await inserter.insert(group, requests, turn.sequence);
      if (outcome.failure === undefined) break;
      // A server dropped a window meanwhile.
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
