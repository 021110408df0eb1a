import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Client, decimal } from "./client.js";
import { failureOf } from "./errors.js";
import type { Naming } from "./naming.js";
import { controlTable, insertInto } from "./schema.js";
import { makeTable } from "./tables.js";

/**
 * What servers on one searchd have to know of each other: numbers of writes, so that a walk through pages can tell
 * what came after it began, and the generation, which every deletion changes.
 */
export interface Control {
  /** Takes a number for a write: higher than that of every write and every walk that began before. */
  readonly begin: () => Promise<number>;
  /** The write of this number is over, whichever way. */
  readonly end: (sequence: number) => void;
  /** A number that all later writes exceed, once no earlier one is under way any more. */
  readonly sequence: (signal?: AbortSignal) => Promise<number>;
  readonly generation: () => Promise<number>;
  readonly raiseGeneration: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The row of the generation; servers take random ids far above it. */
const generationId = 1;
/** A server that says it writes and says nothing else for so long is taken for dead. */
const deadAfterMillis = 5_000;
const pollMillis = 5;
/** That a write is over is told so much later, unless the next one tells it before. */
const lateMillis = 10;
const microsPerMilli = 1000;

interface Server {
  readonly id: number;
  /** The lowest number of a write under way, or 0. */
  readonly busy: number;
  /** The highest number that it took or gave. */
  readonly last: number;
}

export function createControl(client: Client, naming: Naming, highestStored: number): Control {
  const own = 1_000_000 + randomBytes(6).readUIntBE(0, 6);
  const inFlight = new Set<number>();
  let last = highestStored;
  let whenOver: (() => void)[] = [];

  /** The table may be gone: it holds nothing that matters, so it is simply made again. */
  const withTable = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (failureOf(error) !== "no table") throw error;
      await makeTable(client, naming, naming.control, controlTable);
      return work();
    }
  };
  const put = (id: number, busy: number, number: number): Promise<unknown> =>
    withTable(() =>
      client.query(
        `${insertInto("REPLACE", naming.target(naming.control), controlTable)}(${id},${busy},${number},${Date.now()})`,
        { doing: "cannot write" },
      ),
    );
  const read = (where: string): Promise<Server[]> =>
    withTable(async () => {
      const rows = await client.query(
        `SELECT id, busy, last FROM ${naming.control} WHERE ${where} LIMIT 1000 OPTION max_matches=1000`,
      );
      return rows.map((row) => ({ id: decimal(row, 0), busy: decimal(row, 1), last: decimal(row, 2) }));
    });

  let publishing: Promise<unknown> = Promise.resolve();
  let late: NodeJS.Timeout | undefined;
  /** Tells the others where this server stands; one statement after the other, the last with the last word. */
  const publish = (): Promise<unknown> => {
    const published = publishing.then(() => {
      clearTimeout(late);
      late = undefined;
      const busy = inFlight.size === 0 ? 0 : Math.min(...inFlight);
      return put(own, busy, last);
    });
    publishing = published.catch(() => undefined);
    return published;
  };
  const others = async (): Promise<Server[]> =>
    (await read(`id > ${generationId}`)).filter(({ id }) => id !== own);
  const highest = (servers: readonly Server[]): number =>
    servers.reduce((high, server) => Math.max(high, server.last), last);

  const end = (sequence: number): void => {
    inFlight.delete(sequence);
    for (const resume of whenOver.splice(0)) resume();
    late ??= setTimeout(() => void publish().catch(() => undefined), lateMillis).unref();
  };

  return {
    begin: async () => {
      const first = Math.max(last + 1, Date.now() * microsPerMilli);
      last = first;
      inFlight.add(first);
      try {
        // Told before asked, and walks do likewise: so one of the two knows of the other.
        await publish();
        const known = highest(await others());
        if (known <= first) return first;
        const second = Math.max(known, last) + 1;
        last = second;
        inFlight.add(second);
        inFlight.delete(first);
        await publish();
        return second;
      } catch (error) {
        end(first);
        throw error;
      }
    },
    end,
    sequence: async (signal) => {
      const number = highest(await others());
      last = Math.max(last, number);
      await publish();
      while ([...inFlight].some((each) => each <= number)) {
        await new Promise<void>((resolve) => whenOver.push(resolve));
      }
      const deadline = Date.now() + deadAfterMillis;
      while (Date.now() < deadline) {
        if ((await others()).every(({ busy }) => busy === 0 || busy > number)) break;
        await delay(pollMillis, undefined, { signal });
      }
      return number;
    },
    generation: async () => (await read(`id = ${generationId}`))[0]?.last ?? 0,
    raiseGeneration: async () => {
      // Of the clock, so that none comes twice, even after a restart that forgot it.
      await put(generationId, 0, Date.now() * microsPerMilli + Math.floor(Math.random() * microsPerMilli));
    },
    close: async () => {
      whenOver = [];
      clearTimeout(late);
      await publishing;
      await client
        .query(`DELETE FROM ${naming.target(naming.control)} WHERE id = ${own}`, { retryMillis: 0 })
        .catch(() => undefined);
    },
  };
}
