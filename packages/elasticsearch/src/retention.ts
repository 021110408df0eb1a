import { spansSince, splitByTrace } from "@spanstore/core";
import { type Action, sendBulk } from "./bulk.js";
import { type DatedIndex, dropIndices, listIndices } from "./catalog.js";
import type { Client } from "./client.js";
import type { Control } from "./control.js";
import { fragmentDocument, linesOf } from "./documents.js";
import type { Kept, KeptFragments } from "./kept.js";
import type { Query } from "./lower.js";
import type { Naming } from "./naming.js";
import type { Operations } from "./operations.js";
import { type Hit, pages } from "./paging.js";
import { micros } from "./times.js";

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
  readonly purge: () => Promise<void>;
}

const idsPerPage = 2_000;
const fragmentsPerPage = 64;
const retryMillis = 30_000;
const maxUnixNano = (1n << 64n) - 1n;
const doing = "cannot delete";

/**
 * Indices whose time is over go as a whole; of the one that the time lies in, what is older is looked up and
 * deleted by id, since not every distribution deletes by query.
 */
export function createRetention(parts: RetentionParts): Retention {
  const { client, kept, naming, control, operations, refreshed } = parts;

  const send = (actions: readonly Action[]): Promise<unknown> =>
    sendBulk(client, actions, { retryMillis, doing });

  /** Fragments of which no span is as young. */
  const deleteOld = async (index: string, time: bigint): Promise<void> => {
    const body = { query: { range: { newest: { lt: micros(time) } } }, _source: false };
    for await (const hits of pages(client, index, body, () => idsPerPage, { doing }))
      await send(hits.map(deletion));
  };

  /** Fragments across the boundary: what is left of them takes their place. */
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
      // For a moment both are there, and core gives every span once.
      await send(remainders);
      await send(replaced.map(deletion));
    }
  };

  const deleteBefore = async (time: bigint): Promise<void> => {
    // All that was acknowledged has to be found.
    await refreshed();
    const indices = (await listIndices(client, naming)).filter(({ window }) => window.startUnixNano < time);
    const isOver = ({ window }: DatedIndex): boolean => window.endUnixNano <= time;
    const over = indices.filter(isOver).map(({ index }) => index);
    const boundary = indices.filter((each) => !isOver(each)).map(({ index }) => index);
    await dropIndices(client, over);
    for (const index of boundary) {
      await deleteOld(index, time);
      await cut(index, time);
    }
    await refreshed();
    // Listed before the barrier, and deleted after it unless written again: a name that a write brings stays, or
    // the write is over at the barrier and its spans are found.
    const names = await operations.listed(boundary);
    await control.barrier(true);
    await refreshed();
    await operations.prune(names);
    await renewAgain(over);
    await refreshed();
  };

  /** Indices that writes made anew while they were deleted have spans whose names were thought to be known. */
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
    purge,
  };
}

function deletion({ _index, _id }: Hit<unknown>): Action {
  return { lines: `${JSON.stringify({ delete: { _index, _id } })}\n` };
}

/** Fragments that may have spans on both sides of a time. */
export function across(time: bigint): Query {
  const boundary = micros(time);
  return {
    bool: { filter: [{ range: { newest: { gte: boundary } } }, { range: { oldest: { lte: boundary } } }] },
  };
}
