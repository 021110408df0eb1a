import type { SpanStore } from "../store/contract/span-store.js";

/** What a test runner must offer; those of node:test, vitest, jest and mocha do. */
export interface TestRunner {
  readonly describe: (name: string, define: () => void) => unknown;
  /** The time-out in milliseconds stands third, where a runner takes one there. */
  readonly it: (name: string, run: () => Promise<void>, timeoutMillis?: number) => unknown;
}

/**
 * What a store may leave out, by name; every other demand holds for all. Leaving out is declared here
 * and never asked of the store, which could otherwise skip its own tests.
 */
export type OptOut =
  /** `purge` empties nothing: what stands before the store does not offer it. */
  | "purge"
  /** `deleteBefore` deletes nothing, likewise. */
  | "deleteBefore"
  | "stats"
  /** It has one space for all. */
  | "tenants"
  /** `write` tells neither which spans it rejected nor why; they are rejected all the same. */
  | "rejectedSpans"
  /** Errors have their code, but name no `field`. */
  | "errorFields"
  /** A time bound of exactly 0 is the same as none. */
  | "zeroBounds";

export interface ConformanceOptions {
  /** Names the store in the tests' names. */
  readonly name: string;
  /**
   * Opens the store of a place: `a`, `b1`, ... Places have nothing to do with each other, and a new one
   * is empty. The suite closes what it opened; what is left then is the caller's to remove.
   */
  readonly open: (place: string) => Promise<SpanStore>;
  /** Whether a place that is opened again after `close` has what it had. */
  readonly persists: boolean;
  readonly optOuts?: readonly OptOut[];
  /** Random cases, each a data set with its searches: 100 unless SPANSTORE_CONFORMANCE_RUNS says otherwise. */
  readonly runs?: number;
  /** Of the random cases; a fresh one unless SPANSTORE_CONFORMANCE_SEED says otherwise. It is printed. */
  readonly seed?: number;
}

/** Opens the store of a place of this test alone; the suite closes it. */
export type Open = (place?: string) => Promise<SpanStore>;

/** What the chapters of the suite define their tests with. */
export interface Suite {
  readonly options: ConformanceOptions;
  /** Hands everything that is defined within to the test runner. */
  readonly define: (name: string, define: () => void) => void;
  readonly describe: (name: string, define: () => void) => void;
  /** A test with an empty store, unless the store opts out of what it is about. */
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

  /** What the group that is being defined holds; test runners take one without tests for a mistake. */
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

/** How many random cases, and their seed: what the environment says, the options, or a fresh seed. */
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
