import { createWriteBarrier, orAborted, pause } from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import type { Naming } from "../schema/naming.js";
import { createControlTable, generationId } from "./control-table.js";
import { createNumberRange, type NumberRange, rangeNumbers } from "./number-range.js";
import { createServerIds, generationOf, highestWalk, othersOf, writersUpTo } from "./server-rows.js";

/**
 * Coordinates servers that share a searchd. It numbers writes, so that a walk (one pagination through spans) can
 * exclude writes that came after it began, and it holds the generation, which every deletion changes.
 *
 * A server publishes a range of numbers, then checks that no walk forbids them. Its writes then take numbers from the
 * range without asking again, until the range is used up or expires. A walk takes a number above every range that it
 * sees, publishes it, and waits until each server that was writing has a new range or none.
 */
export interface Control {
  /** Takes a number for a write, above that of every earlier walk. */
  readonly begin: () => Promise<WriteTurn>;
  /** Ends the write with this number, whether it succeeded or failed. */
  readonly end: (sequence: number) => void;
  /**
   * Begins a walk: returns a number that all later writes exceed and no finished write does, once every write up to it
   * has ended.
   */
  readonly sequence: (signal?: AbortSignal) => Promise<number>;
  readonly generation: (signal?: AbortSignal) => Promise<number>;
  readonly raiseGeneration: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface WriteTurn {
  readonly sequence: number;
  /**
   * A generation no older than this turn's range. Call it after the rows are written: then a deletion that raises the
   * generation and waits for {@link Control.sequence} finds the rows of every write that saw the old generation.
   */
  readonly generation: () => Promise<number>;
}

/** A walk waits this long for a writing server, then takes it for dead. */
const deadAfterMillis = 5_000;
const pollMillis = 5;
/** A server gives up its range this long after its last write ended. */
const lateMillis = 10;
const microsPerMilli = 1000;

export function createControl(client: Client, naming: Naming, highestStored: number): Control {
  const ids = createServerIds();
  const writes = createWriteBarrier();
  /** The highest number that this server knows to be taken or reserved, and the highest of its own walks. */
  let last = highestStored;
  let walked = 0;
  let range: NumberRange | undefined;
  /** The first number of a range that is published and not yet checked against walks. */
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
  /** Publishes rows of this server one after the other, so that the last one stays. */
  const inTurn = (work: () => Promise<unknown>): Promise<unknown> => {
    const done = publishing.then(work);
    publishing = done.catch(() => undefined);
    return done;
  };
  const publish = (): Promise<unknown> =>
    inTurn(() => {
      const numbers = [writes.lowest(), range?.lowest(), claimed].filter((number) => number !== undefined);
      return table.put(ids.writes, numbers.length === 0 ? 0 : Math.min(...numbers), last);
    });
  /** Gives up the range of an idle server, so that no walk waits for it. */
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
        // Publishes before it reads, as walks do: so one of the two sees the other.
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
  /** Takes a number of the range; undefined when there is no valid one. */
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
      // Includes the clock, for the writes of servers that are gone.
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
          // Without these rows the next walk does not wait.
          for (const { id, seen } of busy) await table.remove(`id = ${id} AND seen = ${seen}`);
          return number;
        }
        await pause(pollMillis, signal);
      }
    },
    generation: async (signal) => (await readAll(signal)).generation,
    raiseGeneration: async () => {
      // Made from the clock, so that no generation comes twice, even after a restart lost the row.
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
