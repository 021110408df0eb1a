import { type Query, queryKinds } from "../data/questions/queries.js";
import { type DataSet, maxSpanOffsetNano, stepNano } from "../data/trace.js";
import { diskBytes, settle } from "../driver/process.js";
import type { Latency } from "../driver/samples.js";
import { write } from "./ingest.js";
import { expectedOf, measureKind, measureTraceById, type SearchRow } from "./searches.js";
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
 * server's data set, and asks both the same of that part in turn.
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
  const kinds = queryKinds(small.set, small.coverage).map((kind) => ({
    ...kind,
    queries: kind.queries.map((query) => withinOnly(small.set, query)),
  }));
  const expected = expectedOf(small, kinds);
  const rows: ScaleRow[] = [];
  const add = (one: SearchRow, more: SearchRow): void => {
    if ("refused" in one || "refused" in more) return;
    const found = one.ids ?? [];
    const same = found.filter((ids, i) => ids.join() === more.ids?.[i]?.join()).length;
    const { agreement } = more;
    const exact = agreement === undefined ? (more.verdict ?? "") : `${agreement.exact} of ${agreement.asked}`;
    rows.push({
      name: one.name,
      small: one.latency,
      large: more.latency,
      same,
      compared: found.length,
      exact,
      right: more.right && same === found.length,
    });
    large.say(
      `${one.name}: p50 ${one.latency.p50.toFixed(2)} -> ${more.latency.p50.toFixed(2)} ms; exact ${exact}`,
    );
  };
  // The larger server has answered nothing yet: without this it would be compared before it is warm.
  for (const kind of kinds) await measureKind(large, kind, warming, undefined);
  add(await measureTraceById(small), await measureTraceById(large));
  for (const kind of kinds) {
    const answers = expected.get(kind.name);
    const one = await measureKind(small, kind, small.effort, answers);
    add(one, await measureKind(large, kind, large.effort, answers));
  }
  return rows;
}

/** The query over the time that a data set covers, without the moment at its beginning that older traces reach into. */
function withinOnly(set: DataSet, { search, matches }: Query): Query {
  const oldest = maxSpanOffsetNano - set.traces * stepNano;
  const startMinNano = set.endNano + BigInt(oldest) + 1n;
  return {
    search: {
      ...search,
      startMinNano: search.startMinNano > startMinNano ? search.startMinNano : startMinNano,
    },
    matches: (draft, span) => (draft.start[span] as number) > oldest && matches(draft, span),
  };
}
