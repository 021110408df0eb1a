import { Buffer } from "node:buffer";
import { type QueryKind, queryKinds } from "../data/questions/queries.js";
import { createRandom, hash } from "../data/random.js";
import { traceIdOf } from "../data/trace.js";
import { expectedTraceIds, type Inventory, inventoryOf } from "../data/truth.js";
import { methods } from "../driver/client.js";
import { type Effort, isRefused, type Measured, measure, type Refused } from "../driver/measure.js";
import { operationsOf, servicesOf, traceIdsOfSummaries, traceIdsOfTraces } from "../wire/answers.js";
import { findRequest, getTracesRequest, operationsRequest } from "../wire/requests.js";
import { type Agreement, allMatch, compareIds, compareTraces } from "./checks/check.js";
import { newestAge, type Session } from "./session.js";

export type SearchRow = { readonly name: string } & (
  | Refused
  | (Pick<Measured, "latency" | "cpuMilliseconds"> & {
      /** Whether all answers are what they must be. */
      readonly right: boolean;
      readonly agreement?: Agreement;
      /** The result of the check of the answers when they disagree. */
      readonly verdict?: string;
      /** The answered trace ids by query, to be compared between servers. */
      readonly ids?: readonly (readonly string[])[];
    })
);

const summariesName = "summaries of a service's traces";

/** Searches of a quiet server: every answer is compared with the data set itself. */
export async function measureSearches(session: Session): Promise<SearchRow[]> {
  const known = truthOf(session);
  const rows: SearchRow[] = [];
  const add = (row: SearchRow): void => {
    rows.push(row);
    session.say(describe(row));
  };
  add(await measureTraceById(session));
  for (const kind of known.kinds)
    add(await measureKind(session, kind, session.effort, known.expected.get(kind.name)));
  const service = known.kinds.find((kind) => kind.name === "service");
  if (service !== undefined) {
    const summaries = { ...service, name: summariesName };
    add(await measureKind(session, summaries, session.effort, known.expected.get("service"), true));
  }
  add(await measureServices(session, known.inventory));
  add(await measureOperations(session, known.inventory));
  return rows;
}

/** The right answers at the moment. */
interface Truth {
  readonly kinds: readonly QueryKind[];
  readonly expected: ReadonlyMap<string, readonly (readonly string[])[]>;
  readonly inventory: Inventory;
}

export function truthOf(session: Session): Truth {
  const kinds = queryKinds(session.set, session.coverage);
  return {
    kinds,
    expected: expectedOf(session, kinds),
    inventory: inventoryOf(session.set, newestAge(session)),
  };
}

/** The right answer to each query of each kind at the moment, by the kind's name. */
export function expectedOf(session: Session, kinds: readonly QueryKind[]): Map<string, string[][]> {
  const queries = kinds.flatMap((kind) => kind.queries);
  const all = expectedTraceIds(session.set, newestAge(session), queries);
  const expected = new Map<string, string[][]>();
  let at = 0;
  for (const kind of kinds) {
    expected.set(kind.name, all.slice(at, at + kind.queries.length));
    at += kind.queries.length;
  }
  return expected;
}

/**
 * One kind of search. With `expected`, its answers must be those; without (while spans are being written),
 * every answered trace must match.
 */
export async function measureKind(
  session: Session,
  kind: QueryKind,
  effort: Effort,
  expected: readonly (readonly string[])[] | undefined,
  summaries = false,
): Promise<SearchRow> {
  const requests = kind.queries.map((query) => findRequest(query.search));
  const method = summaries ? methods.findSummaries : methods.findTraces;
  const measured = await measure(
    (variant) => session.client.stream(method, requests[variant] as Buffer),
    requests.length,
    effort,
    session.server.processes,
  );
  if (isRefused(measured)) return { name: kind.name, ...measured };
  const ids: (readonly string[])[] = [];
  for (const [, answer] of [...measured.answers].sort(([a], [b]) => a - b)) {
    ids.push(summaries ? traceIdsOfSummaries(answer) : traceIdsOfTraces(answer));
  }
  const { latency, cpuMilliseconds } = measured;
  if (expected !== undefined) {
    const agreement = compareIds(ids, expected);
    return {
      name: kind.name,
      latency,
      cpuMilliseconds,
      right: agreement.exact === agreement.asked,
      agreement,
      ids,
    };
  }
  const sound = kind.queries.filter(
    (query, i) => ids[i] !== undefined && allMatch(session.set, query, ids[i] ?? []),
  );
  const verdict = `${sound.length} of ${ids.length} answers hold matching traces only`;
  return { name: kind.name, latency, cpuMilliseconds, right: sound.length === ids.length, verdict };
}

/** Random stored traces by id, each compared with what was written. */
export async function measureTraceById(session: Session, effort = session.effort): Promise<SearchRow> {
  const name = "trace by id";
  const newest = newestAge(session);
  const random = createRandom(hash(session.set.seed, 0x1dd));
  const ages = Array.from({ length: effort.calls }, () => newest + random.below(session.set.traces - newest));
  const requests = ages.map((age) => getTracesRequest([traceIdOf(session.set, age)]));
  const measured = await measure(
    (variant) => session.client.stream(methods.getTraces, requests[variant] as Buffer),
    requests.length,
    effort,
    session.server.processes,
  );
  if (isRefused(measured)) return { name, ...measured };
  let whole = 0;
  let identical = 0;
  for (const [variant, answer] of measured.answers) {
    const agreement = compareTraces(session.set, [ages[variant] as number], answer);
    if (agreement.whole) whole++;
    if (agreement.identical) identical++;
  }
  const { latency, cpuMilliseconds } = measured;
  const count = measured.answers.size;
  const verdict = `${whole} of ${count} whole, ${identical} byte for byte`;
  const right = (session.target.keepsBytes ? identical : whole) === count;
  return { name, latency, cpuMilliseconds, right, verdict };
}

async function measureServices(session: Session, inventory: Inventory): Promise<SearchRow> {
  const name = "services";
  const empty = Buffer.alloc(0);
  const measured = await measure(
    async () => [await session.client.unary(methods.getServices, empty)],
    1,
    session.effort,
    session.server.processes,
  );
  if (isRefused(measured)) return { name, ...measured };
  const given = servicesOf(measured.answers.get(0)?.[0] ?? empty).sort();
  const right = given.join() === inventory.services.join();
  const verdict = right ? "as written" : `${given.length} of ${inventory.services.length}`;
  return { name, latency: measured.latency, cpuMilliseconds: measured.cpuMilliseconds, right, verdict };
}

async function measureOperations(session: Session, inventory: Inventory): Promise<SearchRow> {
  const name = "operations of a service";
  const requests = inventory.services.map(operationsRequest);
  const measured = await measure(
    async (variant) => [await session.client.unary(methods.getOperations, requests[variant] as Buffer)],
    requests.length,
    session.effort,
    session.server.processes,
  );
  if (isRefused(measured)) return { name, ...measured };
  let right = 0;
  let names = 0;
  for (const [variant, [answer]] of measured.answers) {
    const wanted = inventory.operations.get(inventory.services[variant] as string) ?? [];
    const given = answer === undefined ? [] : operationsOf(answer).sort();
    if (given.join() === wanted.join()) right++;
    if (distinctNames(given) === distinctNames(wanted)) names++;
  }
  const verdict = `${right} of ${measured.answers.size} as written, ${names} by name alone`;
  const { latency, cpuMilliseconds } = measured;
  return { name, latency, cpuMilliseconds, right: right === measured.answers.size, verdict };
}

function distinctNames(operations: readonly string[]): string {
  return [...new Set(operations.map((operation) => operation.split("|")[0]))].sort().join();
}

export function describe(row: SearchRow): string {
  if ("refused" in row) return `${row.name}: refused (${row.refused})`;
  const { p50, p99 } = row.latency;
  const answers = row.agreement === undefined ? (row.verdict ?? "") : agreementText(row.agreement);
  return `${row.name}: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms; ${answers}`;
}

export function agreementText({ asked, exact, sameSet, sameCount, overlap }: Agreement): string {
  if (exact === asked) return `all ${asked} exact`;
  const share = `${(overlap * 100).toFixed(0)} % of the traces`;
  return `${exact} of ${asked} exact, ${sameSet} the same set, ${sameCount} the same count, ${share}`;
}
