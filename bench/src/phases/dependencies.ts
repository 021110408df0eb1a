import { batchesOf } from "../data/batches.js";
import { spansPerTrace } from "../data/flows.js";
import { searchWindow } from "../data/questions/queries.js";
import { addCalls } from "../data/truth.js";
import { methods } from "../driver/client.js";
import { exportBatches } from "../driver/export.js";
import type { Refused } from "../driver/measure.js";
import { type Latency, latencyOf } from "../driver/samples.js";
import { dependenciesOf } from "../wire/answers.js";
import { dependenciesRequest } from "../wire/requests.js";
import { newestAge, type Session } from "./session.js";

export interface DependenciesResult {
  /** Spans in the window when it was first asked for. */
  readonly spans: number;
  readonly firstMilliseconds: number;
  /** The times of the later calls, each right after another thousand spans. */
  readonly later: Latency;
  /** How many of all answers hold exactly the calls between services that were written. */
  readonly exact: number;
  readonly asked: number;
  /** Share of the written calls that the last answer counted. */
  readonly counted: number;
}

const rounds = 20;
const roundSpans = 1000;

/** Asks for the dependencies of everything, then again and again right after newer spans were acknowledged. */
export async function measureDependencies(session: Session): Promise<DependenciesResult | Refused> {
  const { startMinNano, startMaxNano } = searchWindow(session.set);
  const request = dependenciesRequest(startMinNano, startMaxNano);
  const truth = new Map<string, number>();
  addCalls(session.set, newestAge(session), session.set.traces - 1, truth);
  const spans = session.spansStored;
  let exact = 0;
  let counted = 0;
  const ask = async (): Promise<number> => {
    const from = performance.now();
    const answer = await session.client.unary(methods.getDependencies, request);
    const milliseconds = performance.now() - from;
    const given = betweenServices(dependenciesOf(answer));
    counted = total(given) / total(truth);
    if (sameCalls(given, truth)) exact++;
    return milliseconds;
  };
  try {
    const firstMilliseconds = await ask();
    session.say(`dependencies, first: ${firstMilliseconds.toFixed(0)} ms`);
    const later: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const oldest = session.nextAge;
      const newest = oldest - roundSpans / spansPerTrace + 1;
      const outcome = await exportBatches(
        [session.client],
        batchesOf(session.set, oldest, newest, roundSpans, "whole"),
      );
      session.spansStored += outcome.spans;
      session.nextAge = newest - 1;
      addCalls(session.set, newest, oldest, truth);
      later.push(await ask());
    }
    const result = { spans, firstMilliseconds, later: latencyOf(later), exact, asked: rounds + 1, counted };
    session.say(
      `dependencies, later: p50 ${result.later.p50.toFixed(1)} ms; ${exact} of ${result.asked} exact`,
    );
    return result;
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
}

/** Jaeger's memory store counts calls within a service too; they are no dependencies. */
function betweenServices(calls: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...calls].filter(([key]) => key.split(">")[0] !== key.split(">")[1]));
}

function total(calls: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of calls.values()) sum += count;
  return sum;
}

function sameCalls(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([key, count]) => b.get(key) === count);
}
