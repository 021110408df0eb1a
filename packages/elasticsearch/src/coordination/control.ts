import { randomBytes } from "node:crypto";
import { createWriteBarrier, pause } from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";

/**
 * Coordinates the servers of one namespace. A write carries the number of the epoch in which it began. A barrier begins a new
 * epoch and resolves when no server has a write of an earlier epoch under way. A walk through pages begins with a barrier, and a
 * deletion needs one before it decides which names are gone.
 *
 * The state is one document, which lists the servers that write. Such a server polls it ten times a second, and notes the epoch
 * that it has reached in a document of its own. So a write costs no request, and a barrier costs two while one server writes.
 */
export interface Control {
  /** Begins a write. The caller must call `end`. */
  readonly begin: () => Promise<WriteTicket>;
  readonly end: (ticket: WriteTicket) => void;
  /**
   * @param deletion whether a new generation begins, too.
   * @returns a number below those of all later writes, and not below those of earlier ones.
   */
  readonly barrier: (deletion: boolean, signal?: AbortSignal) => Promise<number>;
  /** A number that every deletion changes, on any server. */
  readonly generation: (signal?: AbortSignal) => Promise<number>;
  readonly close: () => Promise<void>;
}

export interface WriteTicket {
  /** The number of its epoch. */
  readonly sequence: number;
  readonly generation: number;
}

interface State {
  readonly epoch: number;
  readonly generation: number;
  /** The ids of the servers that write. */
  readonly servers: readonly string[];
}

interface Found<T> {
  readonly found: boolean;
  readonly _source?: T;
  readonly _seq_no?: number;
  readonly _primary_term?: number;
}

const stateId = "state";
/** The interval at which a server that writes polls the state, by default. */
const defaultPollMillis = 100;
/** A server that has not written for so long leaves the list. */
const idleMillis = 10_000;
/** A barrier removes a server from the list that does not reach the new epoch within this time. */
const deadAfterMillis = 3_000;
/** A barrier looks for the other servers this many times in such an interval. */
const looksPerPoll = 5;

/** @param makeIndex makes a lost index, where Elasticsearch does not. */
export function createControl(
  client: Client,
  index: string,
  makeIndex: () => Promise<void>,
  pollMillis = defaultPollMillis,
): Control {
  const own = randomBytes(9).toString("base64url");
  let epoch = 0;
  let generation = 0;
  let joined = false;
  let closed = false;
  let lastWrite = 0;
  let polling: NodeJS.Timeout | undefined;
  /** Writes under way, by epoch. */
  const writes = createWriteBarrier();

  const adopt = (state: State): void => {
    if (state.epoch <= epoch) return;
    epoch = state.epoch;
    generation = state.generation;
  };

  const read = async (signal?: AbortSignal): Promise<Found<State>> => {
    try {
      return await client.request(
        { method: "GET", path: `/${index}/_doc/${stateId}` },
        { signal, expects: ["refused", "no index"] },
      );
    } catch (error) {
      // A missing document is a 404.
      if (failureOf(error) === "refused" || failureOf(error) === "no index") return { found: false };
      throw error;
    }
  };

  /** Puts a document; makes the index first when it is lost. */
  const put = async (id: string, query: Record<string, string | number>, body: object): Promise<void> => {
    const send = (): Promise<unknown> =>
      client.request(
        { method: "PUT", path: `/${index}/_doc/${id}`, query, body },
        { expects: ["conflict", "no index"] },
      );
    try {
      await send();
    } catch (error) {
      if (failureOf(error) !== "no index") throw error;
      await makeIndex();
      await send();
    }
  };

  /** Changes the state by compare and swap; `next` returns undefined to change nothing. */
  const change = async (next: (state: State) => State | undefined, signal?: AbortSignal): Promise<State> => {
    for (;;) {
      const { _source, _seq_no, _primary_term } = await read(signal);
      const state = _source ?? { epoch: 0, generation: 0, servers: [] };
      const changed = next(state);
      if (changed === undefined) return state;
      try {
        await put(
          stateId,
          _seq_no === undefined || _primary_term === undefined
            ? { op_type: "create" }
            : { if_seq_no: _seq_no, if_primary_term: _primary_term },
          changed,
        );
        return changed;
      } catch (error) {
        if (failureOf(error) !== "conflict") throw error;
      }
    }
  };

  /** Uses the clock, so that numbers rise even when the state was lost. */
  const after = (number: number): number => Math.max(number + 1, Date.now());

  const note = (seen: number): Promise<unknown> => put(`server-${own}`, {}, { seen });

  /** Serializes joining and leaving. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };

  const join = (): Promise<void> =>
    inTurn(async () => {
      if (joined) return;
      const state = await change((before) =>
        before.servers.includes(own)
          ? undefined
          : {
              epoch: before.epoch === 0 ? after(0) : before.epoch,
              generation: before.generation,
              servers: [...before.servers, own],
            },
      );
      adopt(state);
      await note(epoch);
      joined = true;
      schedule();
    });

  const leave = (): Promise<void> =>
    inTurn(async () => {
      if (!joined || !writes.isIdle()) return;
      joined = false;
      await change((before) => ({ ...before, servers: before.servers.filter((id) => id !== own) }));
      await client.request(
        { method: "DELETE", path: `/${index}/_doc/server-${own}` },
        { expects: ["refused"] },
      );
    });

  const schedule = (): void => {
    if (closed || !joined) return;
    polling = setTimeout(() => {
      poll()
        .catch(() => undefined)
        .finally(schedule);
    }, pollMillis);
    polling.unref();
  };

  /** Adopts a new epoch, and notes it once no earlier write is under way. */
  const poll = async (): Promise<void> => {
    if (writes.isIdle() && Date.now() - lastWrite > idleMillis) return leave();
    const { _source: state } = await read();
    if (state === undefined || !state.servers.includes(own)) {
      // Removed by a barrier, or the state was lost: the next write joins again.
      joined = false;
      generation = -1;
      return;
    }
    if (state.epoch <= epoch) return;
    const before = epoch;
    adopt(state);
    await writes.passed(before);
    await note(epoch);
  };

  /** Waits until the other servers have reached an epoch. */
  const othersCome = async (to: number, others: readonly string[], signal?: AbortSignal): Promise<void> => {
    const deadline = Date.now() + deadAfterMillis;
    let waiting = others;
    while (waiting.length > 0) {
      const { docs } = await client.request<{ docs: readonly Found<{ seen: number }>[] }>(
        { method: "POST", path: `/${index}/_mget`, body: { ids: waiting.map((id) => `server-${id}`) } },
        { signal },
      );
      waiting = waiting.filter((_, i) => (docs[i]?._source?.seen ?? 0) < to);
      if (waiting.length === 0) return;
      if (Date.now() > deadline) {
        const dead = new Set(waiting);
        await change((state) => ({ ...state, servers: state.servers.filter((id) => !dead.has(id)) }));
        return;
      }
      await pause(pollMillis / looksPerPoll, signal);
      const { _source: state } = await read(signal);
      waiting = waiting.filter((id) => state?.servers.includes(id));
    }
  };

  return {
    begin: async () => {
      lastWrite = Date.now();
      // `lastWrite` is set first, so that the server does not leave meanwhile.
      while (!joined) await join();
      writes.begin(epoch);
      return { sequence: epoch, generation };
    },
    end: ({ sequence }) => writes.end(sequence),
    barrier: async (deletion, signal) => {
      let before = 0;
      const state = await change((known) => {
        // Includes this server's writes, in case the state was lost.
        before = Math.max(known.epoch === 0 ? Date.now() : known.epoch, epoch);
        return {
          epoch: after(before),
          generation: deletion ? after(known.generation) : known.generation,
          servers: known.servers,
        };
      }, signal);
      adopt(state);
      await writes.passed(before, signal);
      await othersCome(
        state.epoch,
        state.servers.filter((id) => id !== own),
        signal,
      );
      return before;
    },
    generation: async (signal) => (await read(signal))._source?.generation ?? 0,
    close: async () => {
      closed = true;
      clearTimeout(polling);
      await leave().catch(() => undefined);
    },
  };
}
