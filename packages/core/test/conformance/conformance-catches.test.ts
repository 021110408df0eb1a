import { AssertionError } from "node:assert";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRollupTally } from "../../src/engine-kit/ledgers/rollup-tally.js";
import { splitByTrace } from "../../src/fragments/split.js";
import { createMemoryEngine } from "../../src/memory/engine.js";
import { openMemoryStore } from "../../src/memory/index.js";
import { decodeTraces } from "../../src/otlp/decode.js";
import { encodeTraces } from "../../src/otlp/encode.js";
import { spansOf } from "../../src/otlp/groups.js";
import type { Dependency, Operation } from "../../src/store/contract/calls.js";
import type { CandidateBatch, CandidateSearch, Engine, Fragment } from "../../src/store/contract/engine.js";
import type { RollupRange, SpanRollups } from "../../src/store/contract/metrics.js";
import type { SpanStore } from "../../src/store/contract/span-store.js";
import { createSpanStore } from "../../src/store/create-store.js";
import { requiredTerms } from "../../src/terms/plan.js";
import { type ConformanceOptions, describeSpanStore } from "../../src/testing/index.js";
import { play, scenario } from "../../src/testing/scenario.js";
import { baseTime } from "../../src/testing/spans.js";

/** The tests of the suite by name, for a store on this engine. */
function testsFor(
  createEngine: () => Engine,
  options: Pick<ConformanceOptions, "chapters"> = {},
): Map<string, () => Promise<void>> {
  const tests = new Map<string, () => Promise<void>>();
  const path: string[] = [];
  describeSpanStore(
    {
      describe: (name, define) => {
        path.push(name);
        define();
        path.pop();
      },
      it: (name, run) => tests.set([...path.slice(1), name.replace(/: \d+ cases.*/, "")].join(" > "), run),
    },
    {
      name: "a faulty store",
      open: async () => storeOn(createEngine),
      persists: false,
      runs: 200,
      seed: 1,
      ...options,
    },
  );
  return tests;
}

const millis = 1_000_000n;

async function fragmentsOf(engine: Engine, search: Parameters<Engine["candidates"]>[0]): Promise<Fragment[]> {
  const fragments: Fragment[] = [];
  for await (const window of engine.candidates(search)) fragments.push(...window.fragments);
  return fragments;
}

const everySpan: CandidateSearch = {
  startTimeMinUnixNano: 0n,
  startTimeMaxUnixNano: 2n ** 64n - 1n,
  predicate: { op: "and", args: [] },
  limit: 100,
};

function rollupsOf(traces: Iterable<readonly Fragment[]>, range: RollupRange): SpanRollups | undefined {
  const tally = createRollupTally();
  for (const trace of traces) tally.scan(trace, range.startTimeUnixNano, range.endTimeUnixNano).add();
  return tally.rollups(range.startTimeUnixNano, range.endTimeUnixNano);
}

function newestOf(fragment: Fragment): bigint {
  return [...spansOf(fragment.encoded)].reduce(
    (newest, { startTimeUnixNano: start }) => (start > newest ? start : newest),
    0n,
  );
}

/** Lists one fragment a window, newest first, with a bound that is too early by `off`. */
function inSmallWindows(engine: Engine, off: bigint): Engine {
  return {
    ...engine,
    async *candidates(search): AsyncGenerator<CandidateBatch, void> {
      const fragments = await fragmentsOf(engine, search);
      fragments.sort((a, b) => (newestOf(a) > newestOf(b) ? -1 : 1));
      for (const [i, fragment] of fragments.entries()) {
        const next = fragments[i + 1];
        yield {
          fragments: [fragment],
          laterStartAtMostUnixNano: next === undefined ? 0n : newestOf(next) - off,
        };
      }
    },
  };
}

/** Faults that only random searches reveal. */
const searchFaults: Readonly<Record<string, (engine: Engine) => Engine>> = {
  "loses a candidate now and then": (engine) => ({
    ...engine,
    async *candidates(search) {
      const fragments = await fragmentsOf(engine, search);
      yield { fragments: fragments.filter((_, i) => i % 20 !== 7), laterStartAtMostUnixNano: 0n };
    },
  }),
  "takes what has the unwanted value for what has no match": (engine) => ({
    ...engine,
    async *candidates(search) {
      const { predicate } = search;
      const fragments = await fragmentsOf(engine, search);
      const unwanted = predicate.op === "ne" ? requiredTerms({ ...predicate, op: "eq" }) : undefined;
      const isWanted = ({ encoded }: Fragment): boolean => {
        if (unwanted === undefined || !("term" in unwanted)) return true;
        return splitByTrace(encoded).fragments.some(({ terms }) => !terms.has(unwanted.term));
      };
      yield { fragments: fragments.filter(isWanted), laterStartAtMostUnixNano: 0n };
    },
  }),
  "deletes a millisecond too much": (engine) => ({
    ...engine,
    deleteBefore: async (time) => {
      await engine.deleteBefore(time);
      if (time >= baseTime) await engine.deleteBefore(time + 1_000_000n);
    },
  }),
};

/** Faults of engines: how to break a correct engine, and the test that must notice. */
const faults: Readonly<
  Record<string, { readonly fault: (engine: Engine) => Engine; readonly noticedBy: string }>
> = {
  "says that later batches are older than they are": {
    fault: (engine) => inSmallWindows(engine, millis),
    noticedBy:
      "searching > order and limit > traces are ordered by their newest matching span, ties by trace id",
  },
  "knows times by the millisecond": {
    fault: (engine) => ({
      ...engine,
      async *candidates(search) {
        const fragments = await fragmentsOf(engine, search);
        const first = search.startTimeMinUnixNano / millis;
        yield {
          fragments: fragments.filter((each) => newestOf(each) / millis > first),
          laterStartAtMostUnixNano: 0n,
        };
      },
    }),
    noticedBy: "searching > time > a range includes both ends",
  },
  "shows a walk what was written after it began": {
    fault: (engine) => ({ ...engine, sequence: async () => Number.MAX_SAFE_INTEGER }),
    noticedBy: "paging > a walk during writes gives everything stored at its beginning",
  },
  "gives traces in an order of its own": {
    fault: (engine) => ({ ...engine, fragments: (ids, signal) => engine.fragments([...ids].sort(), signal) }),
    noticedBy:
      "searching > trace ids > traces come in the order asked for, once, in either case, without unknown ones",
  },
  "keeps bytes that are the caller's again": {
    fault: (engine) => {
      let kept: Uint8Array | undefined;
      const settle = async (): Promise<void> => {
        if (kept !== undefined) await engine.write(kept);
        kept = undefined;
      };
      return {
        ...engine,
        write: async (encoded) => {
          await settle();
          kept = encoded;
          const { spanCount: accepted, rejected } = splitByTrace(encoded);
          return { accepted, rejected };
        },
        async *fragments(ids, signal) {
          await settle();
          yield* engine.fragments(ids, signal);
        },
      };
    },
    noticedBy:
      "ownership > the bytes of a write belong to the caller again, and rejected spans are no views of them",
  },
  "acknowledges before it has kept": {
    fault: (engine) => ({
      ...engine,
      write: async (encoded, signal) => {
        const { spanCount: accepted, rejected } = splitByTrace(encoded);
        setImmediate(() => void engine.write(encoded, signal));
        return { accepted, rejected };
      },
    }),
    noticedBy: "writing > concurrency > a read that begins after a write has its spans",
  },
  "stores what it understands": {
    fault: (engine) => ({ ...engine, write: (encoded) => engine.write(encodeTraces(decodeTraces(encoded))) }),
    noticedBy: "losslessness > a field of every level that OTLP does not know comes back byte for byte",
  },
  "stores text as text": {
    fault: (engine) => ({ ...engine, write: (encoded) => engine.write(encodeTraces(decodeTraces(encoded))) }),
    noticedBy: "losslessness > text that is no UTF-8 comes back byte for byte",
  },
  "keeps one span an id": {
    fault: (engine) => {
      const seen = new Set<string>();
      return {
        ...engine,
        write: (encoded) => {
          const traces = decodeTraces(encoded);
          const resourceSpans = traces.resourceSpans.map((resource) => ({
            ...resource,
            scopeSpans: resource.scopeSpans.map((scope) => ({
              ...scope,
              spans: scope.spans.filter(({ traceId, spanId }) => {
                const isNew = !seen.has(traceId + spanId);
                seen.add(traceId + spanId);
                return isNew;
              }),
            })),
          }));
          return engine.write(encodeTraces({ resourceSpans }));
        },
      };
    },
    noticedBy: "writing > replay > different spans of one id all stay",
  },
  "refuses a request for one bad span": {
    fault: (engine) => ({
      ...engine,
      write: async (encoded) => {
        const { rejected } = splitByTrace(encoded);
        return rejected.length > 0 ? { accepted: 0, rejected } : engine.write(encoded);
      },
    }),
    noticedBy: "writing > spans that reads could not give back > are rejected, and their neighbours are kept",
  },
  "deletes a nanosecond too much": {
    fault: (engine) => ({ ...engine, deleteBefore: (time) => engine.deleteBefore(time + 1n) }),
    noticedBy:
      "retention > deleteBefore > removes exactly the spans that started earlier, and the names that only they had: one request",
  },
  "remembers operations for ever": {
    fault: (engine) => {
      const known = new Map<string, Operation[]>();
      return {
        ...engine,
        services: async () => {
          for (const service of await engine.services()) if (!known.has(service)) known.set(service, []);
          return [...known.keys()];
        },
      };
    },
    noticedBy:
      "retention > deleteBefore > removes exactly the spans that started earlier, and the names that only they had: one request",
  },
  "lists 10,000 services": {
    fault: (engine) => ({ ...engine, services: async () => (await engine.services()).slice(0, 10_000) }),
    noticedBy: "names > 10500 services and 10500 operations of one are all listed",
  },
  "counts calls up to a window's end, but not at it": {
    fault: (engine) => ({
      ...engine,
      dependencies: (query) => engine.dependencies({ ...query, endTimeUnixNano: query.endTimeUnixNano - 1n }),
    }),
    noticedBy: "dependencies > a call belongs to the range in which its span starts, both ends inclusive",
  },
  "counts copies of a span in its rollups": {
    fault: (engine) => ({
      ...engine,
      rollups: async (range) => {
        const fragments = await fragmentsOf(engine, everySpan);
        return rollupsOf(
          fragments.map((fragment) => [fragment]),
          range,
        );
      },
    }),
    noticedBy: "metrics > a replay counts no span twice",
  },
  "counts spans once and for all": {
    fault: (engine) => {
      const kept = new Map<string, SpanRollups | undefined>();
      return {
        ...engine,
        rollups: async (range) => {
          const key = `${range.startTimeUnixNano} ${range.endTimeUnixNano}`;
          const traces = new Map<string, Fragment[]>();
          for (const fragment of await fragmentsOf(engine, everySpan)) {
            traces.set(fragment.traceId, [...(traces.get(fragment.traceId) ?? []), fragment]);
          }
          if (!kept.has(key)) kept.set(key, rollupsOf(traces.values(), range));
          return kept.get(key);
        },
      };
    },
    noticedBy: "metrics > late spans count where they started",
  },
  "counts calls once and for all": {
    fault: (engine) => {
      const answers = new Map<string, Dependency[]>();
      return {
        ...engine,
        dependencies: async (query) => {
          const key = `${query.startTimeUnixNano} ${query.endTimeUnixNano}`;
          answers.set(key, answers.get(key) ?? (await engine.dependencies(query)));
          return answers.get(key) as Dependency[];
        },
      };
    },
    noticedBy: "dependencies > the next answer has later parents, children and whole traces",
  },
};

function storeOn(createEngine: () => Engine): SpanStore {
  return createSpanStore(createEngine(), async () => createEngine());
}

describe("the conformance suite", () => {
  for (const [what, { fault, noticedBy }] of Object.entries(faults)) {
    it(`notices an engine that ${what}`, async () => {
      const right = testsFor(createMemoryEngine).get(noticedBy);
      const wrong = testsFor(() => fault(createMemoryEngine())).get(noticedBy);
      expect(right, `there is no test "${noticedBy}"`).toBeDefined();
      await expect(wrong?.()).rejects.toThrow();
      await right?.();
    });
  }

  for (const [what, fault] of Object.entries(searchFaults)) {
    it(`notices with random cases an engine that ${what}`, async () => {
      let noticed: unknown;
      // Among the first seeds, this one reveals all of these faults in the fewest cases.
      for (const steps of fc.sample(scenario(true), { numRuns: 200, seed: 12 })) {
        noticed = await play(
          steps,
          storeOn(() => fault(createMemoryEngine())),
          openMemoryStore(),
        ).catch((error: unknown) => error);
        if (noticed !== undefined) break;
      }
      expect(noticed).toBeInstanceOf(AssertionError);
    });
  }

  it("says how to repeat a random case, and reduces it", async () => {
    const lossy = (engine: Engine): Engine => ({ ...engine, services: async () => [] });
    const random = testsFor(() => lossy(createMemoryEngine())).get(
      "differential > answers as the memory engine does",
    );
    const failure = await random?.().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    const { message } = failure as Error;
    expect(message).toMatch(/SPANSTORE_CONFORMANCE_SEED=\d+/);
    expect(message.match(/^\d+\. /gm)).toHaveLength(1);
    expect(message.match(/"spanId"/g)).toHaveLength(1);
  });
});

it("runs the named chapters, or all by default", () => {
  const chaptersOf = (options?: Pick<ConformanceOptions, "chapters">): string[] => {
    const names = [...testsFor(createMemoryEngine, options).keys()];
    return [...new Set(names.map((name) => name.split(" > ")[0] as string))];
  };
  expect(chaptersOf().length).toBe(19);
  expect(chaptersOf({ chapters: ["writing", "tenants"] })).toEqual(["writing", "tenants"]);
});
