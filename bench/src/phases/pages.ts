import type { Buffer } from "node:buffer";
import { pagesOfWalk, type Walk, walksOf } from "../data/questions/walks.js";
import { expectedSpans } from "../data/span-truth.js";
import { expectedTraceIds } from "../data/truth.js";
import { methods } from "../driver/client.js";
import { isRefused, type Measured, type Refused, refusal } from "../driver/measure.js";
import { cpuSeconds } from "../driver/process.js";
import { type Latency, latencyOf } from "../driver/samples.js";
import { completeSpansOf, nextPageTokenOf, traceIdsOfSummaries, tracesOfSpanPage } from "../wire/answers.js";
import { findRequest, findSpansRequest, type Page } from "../wire/requests.js";
import { lackOf } from "./capabilities.js";
import { openReference, type Reference, type SecondOpinion } from "./checks/reference.js";
import { newestAge, type Session } from "./session.js";

export type WalkRow = { readonly name: string } & (
  | Refused
  | (Pick<Measured, "latency" | "cpuMilliseconds"> & {
      readonly pageSize: number;
      readonly pages: number;
      /** The times of the first and of the last ten pages of each walk. */
      readonly begin: Latency;
      readonly end: Latency;
      /** Whether every walk gave exactly what it must, in order, and nothing twice. */
      readonly right: boolean;
      readonly verdict: string;
    })
);

export interface PagesResult {
  readonly rows: readonly WalkRow[];
  readonly memory: SecondOpinion;
}

/** The result of a walk, page after page. */
interface Walked {
  readonly milliseconds: readonly number[];
  readonly items: readonly string[];
  /** Whether there were more pages than were asked for. */
  readonly more: boolean;
  /** Whether a page had more items than were asked for. */
  readonly overfull: boolean;
}

type Window = Reference["window"];

const someOfWalk = 10;
const warmupPages = 5;

/** Walks through a hundred pages of each kind of search, each walk compared with the data set itself. */
export async function measurePages(session: Session): Promise<PagesResult | Refused> {
  const lack = await lackOf(session, "pages");
  if (lack !== undefined) {
    session.say(`pages: ${lack.refused}`);
    return lack;
  }
  const walks = walksOf(session.set);
  const rows: WalkRow[] = [];
  for (const walk of walks) {
    const row = await measureWalk(session, walk);
    rows.push(row);
    session.say(describeWalk(row));
  }
  const memory = await compareWithMemory(session, walks);
  session.say(`pages: ${memory.equal} of ${memory.asked} walks equal the memory engine's answer`);
  return { rows, memory };
}

async function measureWalk(session: Session, walk: Walk): Promise<WalkRow> {
  const { name, pageSize } = walk;
  const { processes } = session.server;
  const walked: Walked[] = [];
  try {
    await walkThrough(session, walk, 0, warmupPages);
    const cpuBefore = cpuSeconds(processes);
    const started = performance.now();
    for (let query = 0; query < walk.queries.length; query++) {
      walked.push(await walkThrough(session, walk, query, pagesOfWalk));
      if (performance.now() - started > session.effort.seconds * 1000) break;
    }
    const cpu = cpuSeconds(processes) - cpuBefore;
    const milliseconds = walked.flatMap((one) => one.milliseconds);
    const exact = walked.filter((one, query) => isExact(session, walk, query, one)).length;
    const items = walked.reduce((sum, one) => sum + one.items.length, 0);
    return {
      name,
      latency: latencyOf(milliseconds),
      cpuMilliseconds: (cpu * 1000) / milliseconds.length,
      pageSize,
      pages: milliseconds.length,
      begin: latencyOf(walked.flatMap((one) => one.milliseconds.slice(0, someOfWalk))),
      end: latencyOf(walked.flatMap((one) => one.milliseconds.slice(-someOfWalk))),
      right: exact === walked.length,
      verdict: `${exact} of ${walked.length} walks exact, ${items} ${walk.gives === "spans" ? "spans" : "traces"}`,
    };
  } catch (error) {
    return { name, ...refusal(error) };
  }
}

async function walkThrough(
  session: Session,
  walk: Walk,
  query: number,
  maxPages: number,
  window?: Window,
): Promise<Walked> {
  const milliseconds: number[] = [];
  const items: string[] = [];
  let overfull = false;
  let token = "";
  do {
    const from = performance.now();
    const messages = await askPage(session, walk, query, { size: walk.pageSize, token }, window);
    milliseconds.push(performance.now() - from);
    const page =
      walk.gives === "spans" ? completeSpansOf(tracesOfSpanPage(messages)) : traceIdsOfSummaries(messages);
    items.push(...page);
    if (page.length > walk.pageSize) overfull = true;
    token = nextPageTokenOf(messages, walk.gives === "spans" ? 3 : 2);
  } while (token !== "" && milliseconds.length < maxPages);
  return { milliseconds, items, more: token !== "", overfull };
}

async function askPage(
  { client }: Session,
  walk: Walk,
  query: number,
  page: Page,
  window?: Window,
): Promise<readonly Buffer[]> {
  if (walk.gives === "spans") {
    const { search } = queryOf(walk.queries, query);
    return client.stream(methods.findSpans, findSpansRequest({ ...search, ...window }, page));
  }
  const request = findRequest({ ...queryOf(walk.queries, query).search, ...window }, page);
  return walk.gives === "summaries"
    ? client.stream(methods.findSummaries, request)
    : [await client.unary(methods.findTraceIds, request)];
}

function queryOf<Q>(queries: readonly Q[], at: number): Q {
  return queries[at] as Q;
}

/** The items of a walk with another page behind it begin what must be found, of one without they are all of it. */
function isExact(session: Session, walk: Walk, query: number, walked: Walked): boolean {
  const { set } = session;
  const newest = newestAge(session);
  const expected =
    walk.gives === "spans"
      ? expectedSpans(set, newest, queryOf(walk.queries, query), pagesOfWalk * walk.pageSize + 1)
      : (expectedTraceIds(set, newest, [queryOf(walk.queries, query)])[0] ?? []);
  return agrees(walked, expected);
}

function agrees({ items, more, overfull }: Walked, expected: readonly string[]): boolean {
  const complete = more ? items.length < expected.length : items.length === expected.length;
  return complete && !overfull && items.every((item, at) => item === expected[at]);
}

/** One walk of each kind through the newest spans, beside what the memory engine finds among them unpaged. */
async function compareWithMemory(session: Session, walks: readonly Walk[]): Promise<SecondOpinion> {
  await using reference = await openReference(session);
  let equal = 0;
  for (const walk of walks) {
    const walked = await walkThrough(session, walk, 0, pagesOfWalk, reference.window);
    if (agrees(walked, await askMemory(reference, walk))) equal++;
  }
  return { asked: walks.length, equal, spans: reference.spans };
}

async function askMemory({ store, window, spans }: Reference, walk: Walk): Promise<string[]> {
  const range = { startTimeMinUnixNano: window.startMinNano, startTimeMaxUnixNano: window.startMaxNano };
  if (walk.gives === "spans") {
    const { filter, orderBy = [] } = queryOf(walk.queries, 0).search;
    const found: string[] = [];
    for await (const { encoded } of store.findSpans({ filter, orderBy, ...range, page: { size: spans } })) {
      found.push(...completeSpansOf([encoded]));
    }
    return found;
  }
  const { filter } = queryOf(walk.queries, 0).search;
  const query = { ...(filter === undefined ? {} : { filter }), ...range, limit: spans };
  return (await store.findTraceIds(query)).traces.map(({ traceId }) => traceId);
}

function describeWalk(row: WalkRow): string {
  if (isRefused(row)) return `${row.name}: refused (${row.refused})`;
  const { latency, begin, end, pages, verdict } = row;
  return (
    `${row.name}: ${pages} pages, p50 ${latency.p50.toFixed(2)} ms, p99 ${latency.p99.toFixed(2)} ms, ` +
    `first ten ${begin.p50.toFixed(2)} ms, last ten ${end.p50.toFixed(2)} ms; ${verdict}`
  );
}
