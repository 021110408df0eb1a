import type { SpanStore } from "../store/contract/span-store.js";

/** The functions of a test runner, such as node:test, vitest, jest or mocha. */
export interface TestRunner {
  readonly describe: (name: string, define: () => void) => unknown;
  /** Runners may ignore the third argument, the timeout in milliseconds. */
  readonly it: (name: string, run: () => Promise<void>, timeoutMillis?: number) => unknown;
}

/**
 * The features that a store may lack; all other tests run on every store. The caller declares them, so that a store cannot skip
 * tests by itself.
 */
export type OptOut =
  /** `purge` is not available, for example over a protocol that lacks it. */
  | "purge"
  /** `deleteBefore` is not available. */
  | "deleteBefore"
  | "stats"
  /** The store has no tenants. */
  | "tenants"
  /** `write` rejects spans without saying which and why. */
  | "rejectedSpans"
  /** Errors have a code and no `field`. */
  | "errorFields"
  /** A time bound of 0 means none. */
  | "zeroBounds";

/** The parts of the suite. */
export type Chapter =
  | "lifecycle"
  | "losslessness"
  | "writing"
  | "ownership"
  | "retention"
  | "expiring"
  | "names"
  | "searching"
  | "traces as they come"
  | "paging"
  | "edges of pages"
  | "refusing"
  | "hostile text"
  | "dependencies"
  | "metrics"
  | "watching"
  | "tenants"
  | "large traces"
  | "differential";

export interface ConformanceOptions {
  /** The name of the store in test names. */
  readonly name: string;
  /**
   * Opens the store of a namespace: `a`, `b1`, ... Namespaces are independent, and a new one is empty. The suite closes the
   * stores that it opens; the caller removes their data.
   */
  readonly open: (place: string) => Promise<SpanStore>;
  /** Whether a store keeps its spans after `close`. */
  readonly persists: boolean;
  readonly optOuts?: readonly OptOut[];
  /** The chapters to run, for a variant of a store that passes all of them. Default: all. */
  readonly chapters?: readonly Chapter[];
  /** The number of random cases, each a data set with searches: 100 by default. SPANSTORE_CONFORMANCE_RUNS overrides it. */
  readonly runs?: number;
  /** The seed of the random cases, random by default. The suite prints it; SPANSTORE_CONFORMANCE_SEED overrides it. */
  readonly seed?: number;
}

/** Opens the store of a namespace of this test. The suite closes it. */
export type Open = (place?: string) => Promise<SpanStore>;

/** Defines the tests of a chapter. */
export interface Suite {
  readonly options: ConformanceOptions;
  /** Passes all tests that `define` defines to the test runner. */
  readonly define: (name: string, define: () => void) => void;
  readonly describe: (name: string, define: () => void) => void;
  /** Defines a test with an empty store, unless the store opts out of its features. */
  readonly it: (name: string, run: (store: SpanStore, open: Open) => Promise<void>, about?: About) => void;
  readonly has: (feature: OptOut) => boolean;
}

export interface About {
  readonly features?: readonly OptOut[];
  readonly timeoutMillis?: number;
}

const timeoutMillis = 60_000;

export function createSuite({ describe, it }: TestRunner, options: ConformanceOptions): Suite {
  let places = 0;
  const has = (feature: OptOut): boolean => !(options.optOuts ?? []).includes(feature);

  const run = async (test: (store: SpanStore, open: Open) => Promise<void>): Promise<void> => {
    const prefix = `p${places++}`;
    const opened: SpanStore[] = [];
    const open: Open = async (place = "") => {
      const store = await options.open(`${prefix}${place}`);
      opened.push(store);
      return store;
    };
    try {
      await test(await open(), open);
    } finally {
      for (const store of opened) await store.close();
    }
  };

  /** The tests of the current group. Test runners refuse a group without tests. */
  let group: (() => void)[] = [];
  const within = (define: () => void): readonly (() => void)[] => {
    const outer = group;
    const own: (() => void)[] = [];
    group = own;
    define();
    group = outer;
    return own;
  };
  const emit = (name: string, members: readonly (() => void)[]): void => {
    describe(name, () => {
      for (const member of members) member();
    });
  };

  return {
    options,
    has,
    define: (name, define) => {
      emit(name, within(define));
    },
    describe: (name, define) => {
      const members = within(define);
      if (members.length > 0) group.push(() => emit(name, members));
    },
    it: (name, test, about = {}) => {
      if (!(about.features ?? []).every(has)) return;
      group.push(() => it(name, () => run(test), about.timeoutMillis ?? timeoutMillis));
    },
  };
}

const defaultRuns = 100;

/** The number of random cases and their seed: from the environment, the options, or defaults. */
export function randomness({ runs, seed }: ConformanceOptions): {
  readonly runs: number;
  readonly seed: number;
} {
  return {
    runs: numberFrom("SPANSTORE_CONFORMANCE_RUNS") ?? runs ?? defaultRuns,
    seed: numberFrom("SPANSTORE_CONFORMANCE_SEED") ?? seed ?? Math.floor(Math.random() * 2 ** 31),
  };
}

function numberFrom(variable: string): number | undefined {
  const text = process.env[variable];
  return text === undefined || text === "" ? undefined : Number(text);
}
