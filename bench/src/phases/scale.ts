import type { DataSet } from "../data/trace.js";
import { diskBytes, settle } from "../driver/process.js";
import type { Latency } from "../driver/samples.js";
import { write } from "./ingest.js";
import { measureKind, measureTraceById, type SearchRow, truthOf } from "./searches.js";
import { closeServer, type Session } from "./session.js";

export interface ScaleRow {
  readonly name: string;
  readonly small: Latency;
  readonly large: Latency;
  /** How many searches gave the same traces in the same order on both, of those that should. */
  readonly same: number;
  readonly compared: number;
  /** How many answers on the large set are exact, of how many. */
  readonly exact: string;
  readonly right: boolean;
}

export interface ScaleResult {
  readonly factor: number;
  readonly spans: number;
  readonly ingestSpansPerSecond: number;
  readonly diskBytesPerSpan?: number;
  readonly rows: readonly ScaleRow[];
}

const warming = { warmup: 0, calls: 40, seconds: 2, leastCalls: 5 };

/**
 * Fills a second server of the same kind with `factor` times the traces, whose newest part is the first
 * server's data set, and asks both the same in turn.
 */
export async function measureScale(
  small: Session,
  factor: number,
  open: (set: DataSet) => Promise<Session>,
): Promise<ScaleResult> {
  const set: DataSet = { ...small.set, traces: small.set.traces * factor };
  const large = await open(set);
  try {
    const outcome = await write(large, set.traces, 8, 1000, "whole");
    const rate = outcome.spans / outcome.seconds;
    large.say(`${factor} times the spans: ${outcome.spans}, written at ${rate.toFixed(0)} spans/s`);
    await settle(large.server.processes, 60);
    const rows = await compare(small, large);
    const { dataDirectory } = large.server;
    await closeServer(large);
    return {
      factor,
      spans: outcome.spans,
      ingestSpansPerSecond: rate,
      ...(dataDirectory === undefined ? {} : { diskBytesPerSpan: diskBytes(dataDirectory) / outcome.spans }),
      rows,
    };
  } catch (error) {
    await closeServer(large);
    throw error;
  }
}

async function compare(small: Session, large: Session): Promise<ScaleRow[]> {
  const smallTruth = truthOf(small);
  const largeTruth = truthOf(large);
  const rows: ScaleRow[] = [];
  const add = (one: SearchRow, more: SearchRow, comparable: boolean): void => {
    if ("refused" in one || "refused" in more) return;
    const compared = comparable ? (one.ids?.length ?? 0) : 0;
    const same = comparable
      ? (one.ids ?? []).filter((ids, i) => ids.join() === more.ids?.[i]?.join()).length
      : 0;
    const { agreement } = more;
    const exact = agreement === undefined ? (more.verdict ?? "") : `${agreement.exact} of ${agreement.asked}`;
    rows.push({
      name: one.name,
      small: one.latency,
      large: more.latency,
      same,
      compared,
      exact,
      right: more.right && same === compared,
    });
    large.say(
      `${one.name}: p50 ${one.latency.p50.toFixed(2)} -> ${more.latency.p50.toFixed(2)} ms; exact ${exact}`,
    );
  };
  // The larger server has answered nothing yet: without this it would be compared before it is warm.
  for (const kind of largeTruth.kinds) await measureKind(large, kind, warming, undefined);
  add(await measureTraceById(small), await measureTraceById(large), false);
  for (const kind of smallTruth.kinds) {
    const onSmall = smallTruth.expected.get(kind.name) ?? [];
    const onLarge = largeTruth.expected.get(kind.name) ?? [];
    const isSame = kind.queries.map((_, i) => onSmall[i]?.join() === onLarge[i]?.join());
    // Searches that find more in more spans have more to give: they are compared only when there are no others
    // of their kind, and then without a verdict.
    const comparable = isSame.includes(true);
    const keep = (_: unknown, i: number): boolean => !comparable || isSame[i] === true;
    const kept = { ...kind, queries: kind.queries.filter(keep) };
    const one = await measureKind(small, kept, small.effort, onSmall.filter(keep));
    const more = await measureKind(large, kept, large.effort, onLarge.filter(keep));
    add(one, more, comparable);
  }
  return rows;
}
