import type { Coverage } from "../data/questions/queries.js";
import type { DataSet } from "../data/trace.js";
import type { RawClient } from "../driver/client.js";
import { connect } from "../driver/client.js";
import type { Effort } from "../driver/measure.js";
import type { RunningServer, Target } from "../targets/target.js";

/** One target with one data set, through all phases of a run. */
export interface Session {
  readonly target: Target;
  readonly set: DataSet;
  server: RunningServer;
  /** The connection that searches use. */
  client: RawClient;
  /** The age of the next trace to write: one newer than all that are stored. */
  nextAge: number;
  spansStored: number;
  /** Spans a second at 8 connections and batches of 1000, once measured. */
  sustainable?: number;
  readonly effort: Effort;
  /** How much time each search covers. */
  readonly coverage: Coverage;
  readonly say: (line: string) => void;
}

/** The age of the newest stored trace. */
export function newestAge(session: Session): number {
  return session.nextAge + 1;
}

export async function openSession(
  target: Target,
  set: DataSet,
  effort: Effort,
  coverage: Coverage,
  say: (line: string) => void,
): Promise<Session> {
  const server = await target.start();
  return {
    target,
    set,
    server,
    client: connect(server.address),
    nextAge: set.traces - 1,
    spansStored: 0,
    effort,
    coverage,
    say: (line) => say(`[${target.name}] ${line}`),
  };
}

/** Stops the server and resolves to the seconds it took. */
export async function closeServer(session: Session): Promise<number> {
  session.client.close();
  return session.server.stop();
}

/** Starts the server again on the same data. */
export async function reopen(session: Session): Promise<void> {
  session.server = await session.target.start();
  session.client = connect(session.server.address);
}
