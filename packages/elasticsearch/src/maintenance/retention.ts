import { countSpansBefore, type Expired, spansSince, splitByTrace } from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import type { Control } from "../coordination/control.js";
import { fragmentDocument, linesOf } from "../read/documents.js";
import type { Kept, KeptFragments } from "../read/kept.js";
import { type DatedIndex, dropIndices, listIndices, sizesOf } from "../schema/catalog.js";
import type { Naming } from "../schema/naming.js";
import type { Query } from "../terms/lower.js";
import { type Hit, pages } from "../terms/paging.js";
import { micros } from "../terms/times.js";
import { type Action, sendBulk } from "../write/bulk.js";
import type { Operations } from "../write/operations.js";

export interface RetentionParts {
  readonly client: Client;
  readonly kept: KeptFragments;
  readonly naming: Naming;
  readonly control: Control;
  readonly operations: Operations;
  readonly refreshed: () => Promise<void>;
}

export interface Retention {
  readonly deleteBefore: (timeUnixNano: bigint) => Promise<void>;
  /** See SpanStore's `expire`. */
  readonly expire: (timeUnixNano: bigint, dryRun: boolean) => Promise<readonly Expired[]>;
  readonly purge: () => Promise<void>;
}

const idsPerPage = 2_000;
const fragmentsPerPage = 64;
const retryMillis = 30_000;
const maxUnixNano = (1n << 64n) - 1n;
const doing = "cannot delete";

/**
 * Drops indices whose window is over. In the index of the time itself, finds older fragments and deletes them by id, since not
 * every distribution has delete-by-query.
 */
export function createRetention(parts: RetentionParts): Retention {
  const { client, kept, naming, control, operations, refreshed } = parts;

  const send = (actions: readonly Action[]): Promise<unknown> =>
    sendBulk(client, actions, { retryMillis, doing });

  /** Deletes the fragments whose newest span is older. */
  const deleteOld = async (index: string, time: bigint): Promise<void> => {
    const body = { query: { range: { newest: { lt: micros(time) } } }, _source: false };
    for await (const hits of pages(client, index, body, () => idsPerPage, { doing }))
      await send(hits.map(deletion));
  };

  /** Replaces fragments across the boundary by their younger spans. */
  const cut = async (index: string, time: bigint): Promise<void> => {
    const body = { query: across(time), _source: true };
    for await (const hits of kept.pages(index, body, () => fragmentsPerPage, { doing })) {
      const replaced: Hit<Kept>[] = [];
      const remainders: Action[] = [];
      for (const hit of hits) {
        const { encoded: whole, sequence } = kept.of(hit);
        const left = spansSince(whole, time);
        if (left === whole) continue;
        replaced.push(hit);
        if (left === undefined) continue;
        for (const fragment of splitByTrace(left).fragments) {
          remainders.push({ lines: linesOf(fragmentDocument(index, fragment, undefined), sequence) });
        }
      }
      // Both exist for a moment; core gives every span once.
      await send(remainders);
      await send(replaced.map(deletion));
    }
  };

  /** Drops whole indices, and deletes older spans in others. */
  const remove = async (
    over: readonly string[],
    boundary: readonly string[],
    time: bigint,
  ): Promise<void> => {
    await dropIndices(client, over);
    for (const index of boundary) {
      await deleteOld(index, time);
      await cut(index, time);
    }
    await refreshed();
    // Lists names before the barrier, and deletes them after it unless they were written again. A write that ends before the
    // barrier has spans that `prune` finds; a later write changes the documents of its names.
    const names = await operations.listed(boundary);
    await control.barrier(true);
    await refreshed();
    await operations.prune(names);
    await renewAgain(over);
    await refreshed();
  };

  const deleteBefore = async (time: bigint): Promise<void> => {
    // Makes all acknowledged spans visible to the searches below.
    await refreshed();
    const indices = (await listIndices(client, naming)).filter(({ window }) => window.startUnixNano < time);
    const over = indices.filter((each) => isOver(each, time)).map(({ index }) => index);
    const boundary = indices.filter((each) => !isOver(each, time)).map(({ index }) => index);
    await remove(over, boundary, time);
  };

  /** Counts the spans of an index that started before a time, and their encoded bytes. */
  const countOld = async (index: string, time: bigint): Promise<Expired> => {
    let spans = 0;
    let bytes = 0;
    const body = { query: { range: { oldest: { lt: micros(time) + 1 } } }, _source: true };
    for await (const hits of kept.pages(index, body, () => fragmentsPerPage, { doing })) {
      for (const hit of hits) {
        const count = countSpansBefore(kept.of(hit).encoded, time);
        spans += count.spans;
        bytes += count.bytes;
      }
    }
    return { name: index, spans, bytes };
  };

  const expire = async (time: bigint, dryRun: boolean): Promise<readonly Expired[]> => {
    const indices = await listIndices(client, naming);
    const over = indices.filter((each) => isOver(each, time)).map(({ index }) => index);
    // The window for times far from now is never over: its spans go one by one.
    const endless = indices.filter(({ window }) => window.name === "other").map(({ index }) => index);
    if (endless.length > 0) await refreshed();
    const counts = await Promise.all(endless.map((index) => countOld(index, time)));
    const counted = counts.filter(({ spans = 0 }) => spans > 0);
    const sizes = await sizesOf(client, over);
    const expired = [...over.map((name): Expired => ({ name, bytes: sizes.get(name) })), ...counted];
    if (!dryRun && expired.length > 0)
      await remove(
        over,
        counted.map(({ name }) => name),
        time,
      );
    return expired;
  };

  /** Writes the names of indices that a write made again during the drop: the write took their names for known. */
  const renewAgain = async (dropped: readonly string[]): Promise<void> => {
    if (dropped.length === 0) return;
    const gone = new Set(dropped);
    for (const { index } of await listIndices(client, naming))
      if (gone.has(index)) await operations.renew(index);
  };

  const purge = async (): Promise<void> => {
    const indices = (await listIndices(client, naming)).map(({ index }) => index);
    await dropIndices(client, indices);
    await control.barrier(true);
    await refreshed();
    await renewAgain(indices);
    await refreshed();
  };

  return {
    deleteBefore: async (time) => {
      if (time <= 0n) return;
      await (time > maxUnixNano ? purge() : deleteBefore(time));
    },
    expire,
    purge,
  };
}

function isOver({ window }: DatedIndex, time: bigint): boolean {
  return window.endUnixNano <= time;
}

function deletion({ _index, _id }: Hit<unknown>): Action {
  return { lines: `${JSON.stringify({ delete: { _index, _id } })}\n` };
}

/** Finds fragments that may have spans on both sides of a time. */
export function across(time: bigint): Query {
  const boundary = micros(time);
  return {
    bool: { filter: [{ range: { newest: { gte: boundary } } }, { range: { oldest: { lte: boundary } } }] },
  };
}
