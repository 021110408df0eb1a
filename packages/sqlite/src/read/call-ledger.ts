import type { Dependency, DependencyQuery } from "@spanstore/core";
import {
  bucketStart,
  type CallBuckets,
  callsOfTrace,
  createCallBuckets,
  createTurns,
  type ServiceCall,
  throwIfAborted,
} from "@spanstore/core/engine";
import { storeError } from "../connection/errors.js";
import { decodeIds } from "../schema/blocks.js";
import { firstIdOf, lastIdUntil, windowOf } from "../schema/ids.js";
import type { Space } from "../schema/space.js";
import { createFragmentReader, type Place, placeColumns } from "./fragments.js";

/** With more calls than this the ledger is dropped after the answer rather than kept in memory. */
const maxKeptCalls = 8_000_000;
const placesPerBatch = 512;
const blocksPerBatch = 64;

/** What is counted so far: every call that started at `from` or later, of fragments in blocks up to `block`. */
interface Ledger {
  readonly generation: number;
  readonly buckets: CallBuckets;
  from: bigint;
  block: number;
}

/**
 * Counts calls between services for any window without a batch job: the calls of the windows asked for
 * are kept in memory by minute, and each time only the traces that got new spans since are counted
 * again. A deletion begins it anew.
 */
export function createCallLedger(
  space: Space,
): (query: DependencyQuery, signal?: AbortSignal) => Promise<Dependency[]> {
  const statements = space.of((db) => ({
    reader: createFragmentReader(db, space.blocks),
    generationNow: db.prepare("SELECT value FROM counter WHERE name = 'generation'").pluck(),
    displacement: db.prepare("SELECT value FROM counter WHERE name = 'displacement'").pluck(),
    newestBlock: db.prepare("SELECT coalesce(max(id), 0) FROM block").pluck(),
    blocksAfter: db.prepare(
      `SELECT id, fragment_ids AS ids FROM block WHERE id > ? AND id <= ? ORDER BY id LIMIT ${blocksPerBatch}`,
    ),
    placesBetween: db.prepare(
      `SELECT ${placeColumns} FROM fragment f WHERE f.id BETWEEN ? AND ? ORDER BY f.id DESC LIMIT ${placesPerBatch}`,
    ),
  }));

  const placesAt = (ids: readonly number[]): Place[] =>
    ids.map(statements().reader.placeOf).filter((place) => place !== undefined);

  /** The calls of a trace as far as its fragments in blocks up to this one tell. */
  const callsUpTo = (places: readonly Place[], block: number): ServiceCall[] => {
    const fragments = statements().reader.load(places.filter((place) => place.blockId <= block));
    return fragments.length === 0 ? [] : callsOfTrace(fragments.map(({ encoded }) => encoded));
  };

  const tracesIn = (blocks: readonly { ids: Buffer }[]): Iterable<string> => {
    const traces = new Set<string>();
    for (const { ids } of blocks)
      for (const { traceId } of statements().reader.loadIds(decodeIds(ids))) traces.add(traceId);
    return traces;
  };

  /** Brings in what was written since: the calls of each trace with new spans are counted anew. */
  const catchUp = async (ledger: Ledger, signal: AbortSignal | undefined): Promise<void> => {
    const turns = createTurns();
    const newest = statements().newestBlock.get() as number;
    while (ledger.block < newest) {
      const blocks = statements().blocksAfter.all(ledger.block, newest) as { id: number; ids: Buffer }[];
      const upTo = blocks[blocks.length - 1]?.id ?? newest;
      for (const traceId of tracesIn(blocks)) {
        const places = placesAt(statements().reader.idsOfTrace(Buffer.from(traceId, "hex")));
        for (const call of callsUpTo(places, ledger.block)) {
          if (call.startTimeUnixNano >= ledger.from) ledger.buckets.remove(call);
        }
        for (const call of callsUpTo(places, upTo)) {
          if (call.startTimeUnixNano >= ledger.from) ledger.buckets.add(call);
        }
        await turns();
        throwIfAborted(signal);
      }
      ledger.block = upTo;
    }
  };

  /** Counts the calls from an earlier time on too. */
  const extendTo = async (ledger: Ledger, from: bigint, signal: AbortSignal | undefined): Promise<void> => {
    if (from >= ledger.from) return;
    const turns = createTurns();
    const first = firstIdOf(windowOf(from));
    const end = lastIdUntil(ledger.from, statements().displacement.get() as number);
    for (let last = end; last >= first; ) {
      const rows = statements().placesBetween.all(first, last) as Place[];
      // While nothing was written since, a trace's ids alone tell where it is counted.
      const isQuiet = statements().newestBlock.get() === ledger.block;
      for (const row of rows) {
        const fragment = row.blockId <= ledger.block ? statements().reader.load([row])[0] : undefined;
        if (fragment === undefined) continue;
        const ids = statements().reader.idsOfTrace(Buffer.from(fragment.traceId, "hex"));
        // A trace is counted where its newest fragment of the range stands.
        if (isQuiet && ids.some((id) => id > row.id && id <= end)) continue;
        const places = ids.length === 1 ? [row] : placesAt(ids);
        if (places.some(({ id, blockId }) => id > row.id && id <= end && blockId <= ledger.block)) continue;
        for (const call of callsUpTo(places, ledger.block)) {
          if (call.startTimeUnixNano >= from && call.startTimeUnixNano < ledger.from)
            ledger.buckets.add(call);
        }
        await turns();
        throwIfAborted(signal);
      }
      if (rows.length < placesPerBatch) break;
      last = (rows[rows.length - 1] as Place).id - 1;
    }
    ledger.from = from;
  };

  let ledger: Ledger | undefined;

  const answer = async (query: DependencyQuery, signal: AbortSignal | undefined): Promise<Dependency[]> => {
    for (;;) {
      throwIfAborted(signal);
      const generation = statements().generationNow.get() as number;
      const current: Ledger =
        ledger?.generation === generation
          ? ledger
          : {
              generation,
              buckets: createCallBuckets(),
              from: nothing,
              block: statements().newestBlock.get() as number,
            };
      // Half a change would be a wrong count for ever, so the ledger is put back only when it is whole.
      ledger = undefined;
      await catchUp(current, signal);
      await extendTo(current, bucketStart(query.startTimeUnixNano), signal);
      if (statements().generationNow.get() !== generation) continue;
      const dependencies = current.buckets.countWithin(query);
      if (current.buckets.size() <= maxKeptCalls) ledger = current;
      return dependencies;
    }
  };

  let last: Promise<unknown> = Promise.resolve();
  return (query, signal) => {
    // One after the other, since all of them work on the one ledger.
    const result = last.then(async () => {
      try {
        return await answer(query, signal);
      } catch (error) {
        throw storeError(error, "cannot count calls");
      }
    });
    last = result.catch(() => undefined);
    return result;
  };
}

/** Later than any span. */
const nothing = 1n << 64n;
