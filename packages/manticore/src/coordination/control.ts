import { createWriteBarrier, orAborted, pause } from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import type { Naming } from "../schema/naming.js";
import { createControlTable, generationId } from "./control-table.js";
import { createNumberRange, type NumberRange, rangeNumbers } from "./number-range.js";
import { createServerIds, generationOf, highestWalk, othersOf, writersUpTo } from "./server-rows.js";

/**
 * What servers on one searchd have to know of each other: numbers of writes, so that a walk through pages can tell
 * what came after it began, and the generation, which every deletion changes.
 *
 * A server tells the others of a range of numbers and looks whether a walk forbids them; from then on its writes take
 * numbers of this range without asking anybody, until the range is used up or its time is over. A walk takes a number above
 * every range that it sees, tells it, and waits until each server that was writing has a new range or none.
 */
export interface Control {
  /** Takes a number for a write: higher than that of every walk that has begun before. */
  readonly begin: () => Promise<WriteTurn>;
  /** The write of this number is over, whichever way. */
  readonly end: (sequence: number) => void;
  /**
   * A number that all later writes exceed, once no earlier one is under way any more; no write that is over has a
   * higher one.
   */
  readonly sequence: (signal?: AbortSignal) => Promise<number>;
  readonly generation: (signal?: AbortSignal) => Promise<number>;
  readonly raiseGeneration: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface WriteTurn {
  readonly sequence: number;
  /**
   * A generation that is no older than this turn's range. A deletion that raises it and then waits for a {@link Control.sequence} finds
   * the rows of every write that did not get the new one, provided that it asks after its rows were written.
   */
  readonly generation: () => Promise<number>;
}

/** A server that says it writes and says nothing else for so long is taken for dead. */
const deadAfterMillis = 5_000;
const pollMillis = 5;
/** A server says that it writes nothing this long after its last write ended. */
const lateMillis = 10;
const microsPerMilli = 1000;

export function createControl(client: Client, naming: Naming, highestStored: number): Control {
  const ids = createServerIds();
  const writes = createWriteBarrier();
  /** The highest number that any server took or reserved, and the highest of a walk of this server. */
  let last = highestStored;
  let walked = 0;
  let range: NumberRange | undefined;
  /** The first number of a range that the others know and no walk has allowed yet. */
  let claimed: number | undefined;
  let renewing: Promise<void> | undefined;

  const table = createControlTable(client, naming);
  const readAll = async (signal?: AbortSignal) => {
    const rows = await table.read(signal);
    const others = othersOf(rows, ids);
    await table.removeSilent(others);
    return { others, generation: generationOf(rows) };
  };

  let publishing: Promise<unknown> = Promise.resolve();
  let late: NodeJS.Timeout | undefined;
  /** Tells the others where this server stands; one statement after the other, the last with the last word. */
  const inTurn = (told: () => Promise<unknown>): Promise<unknown> => {
    const done = publishing.then(told);
    publishing = done.catch(() => undefined);
    return done;
  };
  const publish = (): Promise<unknown> =>
    inTurn(() => {
      const numbers = [writes.lowest(), range?.lowest(), claimed].filter((number) => number !== undefined);
      return table.put(ids.writes, numbers.length === 0 ? 0 : Math.min(...numbers), last);
    });
  /** Tells that no write is under way, so that no walk waits for one. */
  const giveUpLater = (): void => {
    clearTimeout(late);
    late = setTimeout(() => {
      if (!writes.isIdle()) return;
      range = undefined;
      void publish().catch(() => undefined);
    }, lateMillis).unref();
  };

  const renew = async (): Promise<void> => {
    range = undefined;
    try {
      for (;;) {
        const first = Math.max(last + 1, Date.now() * microsPerMilli);
        last = first + rangeNumbers - 1;
        claimed = first;
        const restarts = client.restarts();
        // Told before asked, and walks do likewise: so one of the two knows of the other.
        await publish();
        const asked = performance.now();
        const { others, generation } = await readAll();
        const forbidden = Math.max(walked, highestWalk(others));
        if (forbidden < first && client.restarts() === restarts) {
          range = createNumberRange({ first, generation, restarts, asked, allowed: performance.now() });
          return;
        }
        last = Math.max(last, forbidden);
      }
    } finally {
      claimed = undefined;
      giveUpLater();
    }
  };
  /** A number of the range, when that still has one. */
  const take = (): WriteTurn | undefined => {
    const taken = range;
    const sequence = taken?.take(performance.now(), client.restarts());
    if (taken === undefined || sequence === undefined) return undefined;
    writes.begin(sequence);
    return {
      sequence,
      generation: async () => taken.generation(performance.now()) ?? (await readAll()).generation,
    };
  };

  return {
    begin: async () => {
      for (;;) {
        const turn = take();
        if (turn !== undefined) return turn;
        renewing ??= renew().finally(() => {
          renewing = undefined;
        });
        await renewing;
      }
    },
    end: (sequence) => {
      writes.end(sequence);
      if (writes.isIdle()) giveUpLater();
    },
    sequence: async (signal) => {
      const { others } = await readAll(signal);
      // The clock too, for writes of servers that are gone.
      const number = Math.max(last, Date.now() * microsPerMilli, ...others.map((other) => other.last));
      last = number;
      walked = number;
      range = undefined;
      await orAborted(
        inTurn(() => table.put(ids.walks, 0, walked)),
        signal,
      );
      await writes.passed(number, signal);
      const deadline = Date.now() + deadAfterMillis;
      for (;;) {
        const busy = writersUpTo((await readAll(signal)).others, number);
        if (busy.length === 0) return number;
        if (Date.now() >= deadline) {
          // The next walk need not wait for them.
          for (const { id, seen } of busy) await table.remove(`id = ${id} AND seen = ${seen}`);
          return number;
        }
        await pause(pollMillis, signal);
      }
    },
    generation: async (signal) => (await readAll(signal)).generation,
    raiseGeneration: async () => {
      // Of the clock, so that none comes twice, even after a restart that forgot it.
      await table.put(
        generationId,
        0,
        Date.now() * microsPerMilli + Math.floor(Math.random() * microsPerMilli),
      );
    },
    close: async () => {
      clearTimeout(late);
      await publishing;
      await table.remove(`id IN (${ids.writes},${ids.walks})`);
    },
  };
}
