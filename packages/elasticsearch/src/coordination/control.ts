import { randomBytes } from "node:crypto";
import { createWriteBarrier, pause } from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";

/**
 * What servers of one space have to know of each other. Writes carry the number of the epoch they began in. A barrier
 * begins a new epoch and returns when no write of an earlier one is under way any more, on any server: what a walk
 * through pages begins with, and what a deletion needs before it may say which names are gone.
 *
 * The state is one document. Each server that writes stands in it, looks at it a few times a second while it writes,
 * and notes in a document of its own which epoch it has come to. So a write costs no request, and a barrier none but
 * two while there is one server.
 */
export interface Control {
  /** A write begins; it has to be ended. */
  readonly begin: () => Promise<WriteTicket>;
  readonly end: (ticket: WriteTicket) => void;
  /**
   * @param deletion begins a new generation too.
   * @returns the number that writes of later epochs exceed, and all those before do not.
   */
  readonly barrier: (deletion: boolean, signal?: AbortSignal) => Promise<number>;
  /** Changes with every deletion, of whichever server. */
  readonly generation: (signal?: AbortSignal) => Promise<number>;
  readonly close: () => Promise<void>;
}

export interface WriteTicket {
  /** Of its epoch. */
  readonly sequence: number;
  readonly generation: number;
}

interface State {
  readonly epoch: number;
  readonly generation: number;
  /** Servers that write, by id. */
  readonly servers: readonly string[];
}

interface Found<T> {
  readonly found: boolean;
  readonly _source?: T;
  readonly _seq_no?: number;
  readonly _primary_term?: number;
}

const stateId = "state";
/** How often a server that writes looks whether an epoch began. */
const pollMillis = 100;
/** A server that has not written for so long takes itself out. */
const idleMillis = 10_000;
/** A server that does not come to a new epoch within this time is taken for dead. */
const deadAfterMillis = 3_000;
const barrierPollMillis = 20;

/** @param makeIndex makes the index when it was lost, where Elasticsearch does not do so by itself. */
export function createControl(client: Client, index: string, makeIndex: () => Promise<void>): Control {
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
      // 404 is how a document that is not there is told.
      if (failureOf(error) === "refused" || failureOf(error) === "no index") return { found: false };
      throw error;
    }
  };

  /** Puts a document; of an index that was lost, into a new one. */
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

  /** Changes the state, whoever else does at the same time; undefined changes nothing. */
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

  /** Of the clock, so that they rise even over a state that was lost. */
  const after = (number: number): number => Math.max(number + 1, Date.now());

  const note = (seen: number): Promise<unknown> => put(`server-${own}`, {}, { seen });

  /** One change of what this server is to the others at a time. */
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

  /** Sees what others did, and tells them once nothing of before is under way. */
  const poll = async (): Promise<void> => {
    if (writes.isIdle() && Date.now() - lastWrite > idleMillis) return leave();
    const { _source: state } = await read();
    if (state === undefined || !state.servers.includes(own)) {
      // Taken for dead, or the state was lost: the next write joins anew.
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

  /** Waits until the other servers have come to an epoch. */
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
      await pause(barrierPollMillis, signal);
      const { _source: state } = await read(signal);
      waiting = waiting.filter((id) => state?.servers.includes(id));
    }
  };

  return {
    begin: async () => {
      lastWrite = Date.now();
      // Counted before it is known where to, so that the server does not take itself out meanwhile.
      while (!joined) await join();
      writes.begin(epoch);
      return { sequence: epoch, generation };
    },
    end: ({ sequence }) => writes.end(sequence),
    barrier: async (deletion, signal) => {
      let before = 0;
      const state = await change((known) => {
        // Numbers of this server's writes too, should the state have been lost.
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
