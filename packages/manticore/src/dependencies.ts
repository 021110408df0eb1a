import {
  callsOfTrace,
  type Dependency,
  type DependencyQuery,
  type EngineReader,
  type Fragment,
  type Predicate,
  type ServiceCall,
  throwIfAborted,
} from "@spanstore/core";
import { bucketStart, type CallBuckets, createCallBuckets } from "./call-buckets.js";
import type { Catalog } from "./catalog.js";
import { type Client, integer } from "./client.js";
import type { Control } from "./control.js";
import { fragmentColumns, fragmentOf } from "./fragments.js";
import type { Naming } from "./naming.js";
import { createTurns } from "./turns.js";

/** With more calls than this the ledger is dropped after the answer rather than kept in memory. */
const maxKeptCalls = 8_000_000;
const tracesPerBatch = 200;
const fragmentsPerPage = 256;
/** Later than any span. */
const nothing = 1n << 64n;
const maxUnixNano = nothing - 1n;
const everything: Predicate = { op: "and", args: [] };

/** What is counted so far: every call that started at `from` or later, of writes up to `sequence`. */
interface Ledger {
  readonly generation: number;
  readonly buckets: CallBuckets;
  from: bigint;
  sequence: number;
}

export interface DependencyParts {
  readonly client: Client;
  readonly naming: Naming;
  readonly catalog: Catalog;
  readonly control: Control;
  readonly reader: Pick<EngineReader, "candidates" | "fragments">;
}

/**
 * Counts calls between services for any window without a batch job: the calls of the windows asked for are kept in
 * memory by minute, and each time only the traces that got new spans since are counted again. A deletion begins it
 * anew. It reads fragments, since one row of those tells of all spans of a trace that came together.
 */
export function createDependencies(
  parts: DependencyParts,
): (query: DependencyQuery, signal?: AbortSignal) => Promise<Dependency[]> {
  const { client, naming, catalog, control, reader } = parts;
  let ledger: Ledger | undefined;

  /** Whole traces, one after the other. */
  async function* tracesOf(
    traceIds: Iterable<string>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly Fragment[], void> {
    const ids = [...traceIds];
    for (let at = 0; at < ids.length; at += tracesPerBatch) {
      let trace: Fragment[] = [];
      for await (const window of reader.fragments(ids.slice(at, at + tracesPerBatch), signal)) {
        for (const fragment of window) {
          if (trace.length > 0 && trace[0]?.traceId !== fragment.traceId) {
            yield trace;
            trace = [];
          }
          trace.push(fragment);
        }
      }
      if (trace.length > 0) yield trace;
    }
  }

  /** Traces with fragments of writes after one and up to another, by pages. */
  async function* writtenBetween(
    after: number,
    upTo: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly Fragment[], void> {
    const tables = (await catalog.list(signal)).map(naming.fragmentTable).join(",");
    if (tables === "") return;
    for (let position = `sequence > ${after}`; ; ) {
      const rows = await client.query(
        `SELECT ${fragmentColumns} FROM ${tables} WHERE ${position} AND sequence <= ${upTo} ` +
          `ORDER BY sequence ASC, id ASC LIMIT ${fragmentsPerPage} OPTION max_matches=${fragmentsPerPage}`,
        { signal, doing: "cannot count calls" },
      );
      yield rows.map(fragmentOf);
      const last = rows[rows.length - 1];
      if (rows.length < fragmentsPerPage || last === undefined) return;
      const sequence = integer(last, 2);
      position = `(sequence > ${sequence} OR (sequence = ${sequence} AND id > ${integer(last, 0)}))`;
    }
  }

  /** Brings in what was written since: the calls of each trace with new spans are counted anew. */
  const catchUp = async (current: Ledger, signal: AbortSignal | undefined): Promise<void> => {
    const turns = createTurns();
    const upTo = await control.sequence(signal);
    const done = new Set<string>();
    for await (const page of writtenBetween(current.sequence, upTo, signal)) {
      const fresh = new Set(page.map(({ traceId }) => traceId).filter((id) => !done.has(id)));
      for await (const trace of tracesOf(fresh, signal)) {
        for (const call of callsUpTo(trace, current.sequence)) {
          if (call.startTimeUnixNano >= current.from) current.buckets.remove(call);
        }
        for (const call of callsUpTo(trace, upTo)) {
          if (call.startTimeUnixNano >= current.from) current.buckets.add(call);
        }
        await turns();
        throwIfAborted(signal);
      }
      for (const id of fresh) done.add(id);
    }
    current.sequence = upTo;
  };

  /** Counts the calls from an earlier time on too. */
  const extendTo = async (current: Ledger, from: bigint, signal: AbortSignal | undefined): Promise<void> => {
    if (from >= current.from) return;
    const turns = createTurns();
    const done = new Set<string>();
    const search = {
      startTimeMinUnixNano: from,
      startTimeMaxUnixNano: current.from > maxUnixNano ? maxUnixNano : current.from,
      predicate: everything,
      limit: fragmentsPerPage,
    };
    for await (const { fragments } of reader.candidates(search, signal)) {
      const fresh = new Set(fragments.map(({ traceId }) => traceId).filter((id) => !done.has(id)));
      for await (const trace of tracesOf(fresh, signal)) {
        for (const call of callsUpTo(trace, current.sequence)) {
          const { startTimeUnixNano } = call;
          if (startTimeUnixNano >= from && startTimeUnixNano < current.from) current.buckets.add(call);
        }
        await turns();
        throwIfAborted(signal);
      }
      for (const id of fresh) done.add(id);
    }
    current.from = from;
  };

  const answer = async (query: DependencyQuery, signal: AbortSignal | undefined): Promise<Dependency[]> => {
    for (;;) {
      throwIfAborted(signal);
      const generation = await control.generation();
      const known = ledger?.generation === generation ? ledger : undefined;
      // Half a change would be a wrong count for ever, so the ledger is put back only when it is whole.
      ledger = undefined;
      const current: Ledger = known ?? {
        generation,
        buckets: createCallBuckets(),
        from: nothing,
        sequence: await control.sequence(signal),
      };
      if (known !== undefined) await catchUp(current, signal);
      await extendTo(current, bucketStart(query.startTimeUnixNano), signal);
      if ((await control.generation()) !== generation) continue;
      const dependencies = current.buckets.countWithin(query);
      if (current.buckets.size() <= maxKeptCalls) ledger = current;
      return dependencies;
    }
  };

  let last: Promise<unknown> = Promise.resolve();
  return (query, signal) => {
    // One after the other, since all of them work on the one ledger.
    const result = last.then(() => answer(query, signal));
    last = result.catch(() => undefined);
    return result;
  };
}

/** The calls of a trace as far as its fragments of writes up to this one tell. */
function callsUpTo(trace: readonly Fragment[], sequence: number): ServiceCall[] {
  const fragments = trace.filter((fragment) => fragment.sequence <= sequence);
  return fragments.length === 0 ? [] : callsOfTrace(fragments.map(({ encoded }) => encoded));
}
