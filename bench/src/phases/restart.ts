import { diskBytes } from "../driver/process.js";
import { describe, measureKind, type SearchRow, truthOf } from "./searches.js";
import { closeServer, reopen, type Session } from "./session.js";

export interface RestartResult {
  readonly spans: number;
  /** Bytes on disk for a span, index included, after SIGTERM. */
  readonly diskBytesPerSpan?: number;
  readonly stopSeconds: number;
  readonly readySeconds: number;
  /** The first searches after the restart. */
  readonly search: SearchRow;
}

/** Ends the server with SIGTERM, weighs its data, starts it again and asks whether all is there. */
export async function measureRestart(session: Session): Promise<RestartResult> {
  const { dataDirectory } = session.server;
  const stopSeconds = await closeServer(session);
  const disk = dataDirectory === undefined ? undefined : diskBytes(dataDirectory);
  await reopen(session);
  const truth = truthOf(session);
  const kind = truth.kinds[0];
  if (kind === undefined) throw new Error("there is no kind of search");
  const once = { warmup: 0, calls: kind.queries.length, seconds: 60, leastCalls: 1 };
  const search = await measureKind(session, kind, once, truth.expected.get(kind.name));
  const perSpan = disk === undefined ? undefined : disk / session.spansStored;
  session.say(
    `stopped in ${stopSeconds.toFixed(1)} s, ready again in ${session.server.readySeconds.toFixed(1)} s`,
  );
  if (perSpan !== undefined) session.say(`${perSpan.toFixed(1)} bytes a span on disk`);
  session.say(`after the restart, ${describe(search)}`);
  return {
    spans: session.spansStored,
    ...(perSpan === undefined ? {} : { diskBytesPerSpan: perSpan }),
    stopSeconds,
    readySeconds: session.server.readySeconds,
    search,
  };
}
