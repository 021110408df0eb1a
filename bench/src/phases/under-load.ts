import { queryKinds } from "../data/questions/queries.js";
import { startLoad } from "../load.js";
import { describe, measureKind, measureTraceById, type SearchRow, truthOf } from "./searches.js";
import type { Session } from "./session.js";

export interface LoadResult {
  /** Spans a second that were asked for: half of what the server sustained. */
  readonly target: number;
  readonly achieved: number;
  /** Spans stored when it ended. */
  readonly spansAfter: number;
  readonly rows: readonly SearchRow[];
  /** Every search once more when all is written, compared with the data set; only of ours. */
  readonly afterwards: readonly SearchRow[];
}

/** Shorter than on a quiet server, so that the data does not grow to many times its size meanwhile. */
const secondsPerKind = 3;

/** The searches again, while spans are being written at half the rate the server sustained. */
export async function measureUnderLoad(
  session: Session,
  spansPerSecond: number,
  checkAfterwards: boolean,
): Promise<LoadResult> {
  session.say(`searching while ${spansPerSecond.toFixed(0)} spans/s are being written`);
  const load = startLoad({
    address: session.server.address,
    set: session.set,
    fromAge: session.nextAge,
    batchSpans: 1000,
    connections: 8,
    spansPerSecond,
  });
  let achieved = 0;
  const effort = { ...session.effort, seconds: Math.min(session.effort.seconds, secondsPerKind) };
  const rows: SearchRow[] = [];
  try {
    const byId = await measureTraceById(session, effort);
    rows.push(byId);
    session.say(describe(byId));
    for (const kind of queryKinds(session.set, session.coverage)) {
      const row = await measureKind(session, kind, effort, undefined);
      rows.push(row);
      session.say(describe(row));
    }
  } finally {
    const report = await load.stop();
    session.nextAge = report.nextAge;
    session.spansStored += report.spans;
    achieved = report.spans / report.seconds;
  }
  session.say(`wrote ${achieved.toFixed(0)} spans/s meanwhile`);
  const afterwards = checkAfterwards ? await askOnce(session) : [];
  return { target: spansPerSecond, achieved, spansAfter: session.spansStored, rows, afterwards };
}

async function askOnce(session: Session): Promise<SearchRow[]> {
  const truth = truthOf(session);
  const rows: SearchRow[] = [];
  for (const kind of truth.kinds) {
    const once = { warmup: 0, calls: kind.queries.length, seconds: 60, leastCalls: 1 };
    rows.push(await measureKind(session, kind, once, truth.expected.get(kind.name)));
  }
  const right = rows.filter((row) => "right" in row && row.right).length;
  session.say(`afterwards ${right} of ${rows.length} kinds of search answer exactly`);
  return rows;
}
