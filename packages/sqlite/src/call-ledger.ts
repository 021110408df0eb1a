import {
  callSpansOf,
  callsOfTrace,
  type Dependency,
  type DependencyQuery,
  type ServiceCall,
  throwIfAborted,
} from "@spanstore/core";
import type { Database as Connection } from "better-sqlite3";
import { bucketStart, type CallBuckets, createCallBuckets } from "./call-buckets.js";
import { storeError } from "./errors.js";
import type { FragmentAccess, Place } from "./read.js";
import { firstIdAt, lastIdAt } from "./row-ids.js";
import { createTurns } from "./turns.js";

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
  db: Connection,
  access: FragmentAccess,
): (query: DependencyQuery, signal?: AbortSignal) => Promise<Dependency[]> {
  const generationNow = db.prepare("SELECT value FROM counter WHERE name = 'generation'").pluck();
  const displacement = db.prepare("SELECT value FROM counter WHERE name = 'displacement'").pluck().safeIntegers();
  const newestBlock = db.prepare("SELECT coalesce(max(id), 0) FROM block").pluck();
  const blocksAfter = db.prepare(
    `SELECT id, fragment_ids FROM block WHERE id > ? AND id <= ? ORDER BY id LIMIT ${blocksPerBatch}`,
  );
  const traceOfFragment = db.prepare("SELECT trace_id FROM fragment WHERE id = ?").pluck();
  const placesBetween = db
    .prepare(
      `SELECT id, trace_id, block_id FROM fragment WHERE id BETWEEN ? AND ?
       ORDER BY id DESC LIMIT ${placesPerBatch}`,
    )
    .safeIntegers();

  const placesOf = (traceId: Buffer): Place[] => {
    const all: Place[] = [];
    for (let after = -1n; ; after = (all[all.length - 1] as Place).id) {
      const places = access.placesOfTrace(traceId, after, placesPerBatch);
      all.push(...places);
      if (places.length < placesPerBatch) return all;
    }
  };

  /** The calls of a trace as far as its fragments in blocks up to this one tell. */
  const callsUpTo = (places: readonly Place[], block: number): ServiceCall[] => {
    const fragments: Uint8Array[] = [];
    for (const place of places) {
      const encoded = Number(place.block_id) <= block ? access.load(place) : undefined;
      if (encoded !== undefined) fragments.push(encoded);
    }
    return fragments.length === 0 ? [] : callsOfTrace(callSpansOf(fragments));
  };

  const tracesIn = (blocks: readonly { fragment_ids: Buffer }[]): Iterable<Buffer> => {
    const traces = new Map<string, Buffer>();
    for (const { fragment_ids: ids } of blocks) {
      for (let at = 0; at < ids.length; at += 8) {
        const traceId = traceOfFragment.get(ids.readBigInt64LE(at)) as Buffer | undefined;
        if (traceId !== undefined) traces.set(traceId.toString("latin1"), traceId);
      }
    }
    return traces.values();
  };

  /** Brings in what was written since: the calls of each trace with new spans are counted anew. */
  const catchUp = async (ledger: Ledger, signal: AbortSignal | undefined): Promise<void> => {
    const turns = createTurns();
    const newest = newestBlock.get() as number;
    while (ledger.block < newest) {
      const blocks = blocksAfter.all(ledger.block, newest) as { id: number; fragment_ids: Buffer }[];
      const upTo = blocks[blocks.length - 1]?.id ?? newest;
      for (const traceId of tracesIn(blocks)) {
        const places = placesOf(traceId);
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
    const first = firstIdAt(from);
    const end = lastIdAt(ledger.from, displacement.get() as bigint);
    for (let last = end; last >= first; ) {
      const rows = placesBetween.all(first, last) as Place[];
      for (const { id, trace_id: traceId, block_id: block } of rows) {
        if (Number(block) > ledger.block) continue;
        const places = placesOf(traceId);
        // A trace is counted where its newest fragment of the range stands.
        if (places.some((place) => place.id > id && place.id <= end && Number(place.block_id) <= ledger.block)) continue;
        for (const call of callsUpTo(places, ledger.block)) {
          if (call.startTimeUnixNano >= from && call.startTimeUnixNano < ledger.from) ledger.buckets.add(call);
        }
        await turns();
        throwIfAborted(signal);
      }
      if (rows.length < placesPerBatch) break;
      last = (rows[rows.length - 1] as Place).id - 1n;
    }
    ledger.from = from;
  };

  let ledger: Ledger | undefined;

  const answer = async (query: DependencyQuery, signal: AbortSignal | undefined): Promise<Dependency[]> => {
    for (;;) {
      throwIfAborted(signal);
      const generation = generationNow.get() as number;
      const current: Ledger =
        ledger?.generation === generation
          ? ledger
          : { generation, buckets: createCallBuckets(), from: nothing, block: newestBlock.get() as number };
      // Half a change would be a wrong count for ever, so the ledger is put back only when it is whole.
      ledger = undefined;
      await catchUp(current, signal);
      await extendTo(current, bucketStart(query.startTimeUnixNano), signal);
      if (generationNow.get() !== generation) continue;
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
