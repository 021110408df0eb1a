import { describeDependencies } from "./chapters/counting/dependencies.js";
import { describeMetrics } from "./chapters/counting/metrics.js";
import { describeExpiring } from "./chapters/deleting/expiring.js";
import { describeRetention } from "./chapters/deleting/retention.js";
import { describeDifferential } from "./chapters/differential.js";
import { describeHostileText } from "./chapters/hostile-text.js";
import { describeLargeTraces } from "./chapters/large-traces.js";
import { describeLifecycle } from "./chapters/lifecycle/lifecycle.js";
import { describeTenants } from "./chapters/lifecycle/tenants.js";
import { describeLosslessness } from "./chapters/losslessness.js";
import { describeNames } from "./chapters/names.js";
import { describeOddTraces } from "./chapters/odd-traces.js";
import { describeOwnership } from "./chapters/ownership.js";
import { describePageEdges } from "./chapters/page-edges.js";
import { describePaging } from "./chapters/paging.js";
import { describeRefusing } from "./chapters/refusing.js";
import { describeSearching } from "./chapters/searching.js";
import { describeWatching } from "./chapters/watching.js";
import { describeWriting } from "./chapters/writing.js";
import {
  type Chapter,
  type ConformanceOptions,
  createSuite,
  type Suite,
  type TestRunner,
} from "./harness.js";

export { tracesData } from "./arbitrary-otlp.js";
export type { Chapter, ConformanceOptions, OptOut, TestRunner } from "./harness.js";

/**
 * Defines the tests that every SpanStore must pass, with any test runner:
 *
 * ```ts
 * import { describeSpanStore } from "@spanstore/core/testing";
 * import { describe, it } from "vitest";
 *
 * describeSpanStore({ describe, it }, { name: "mine", open: openMyStore, persists: false });
 * ```
 *
 * `optOuts` skips the tests of features that a store lacks; `chapters` selects the chapters for a variant of a store. Random cases
 * print their seed: SPANSTORE_CONFORMANCE_SEED repeats them, SPANSTORE_CONFORMANCE_RUNS sets their number.
 *
 * The expected answers come from the suite or the memory engine. The suite uses only the SpanStore, which may be remote, and never
 * asks it for its features.
 */
export function describeSpanStore(runner: TestRunner, options: ConformanceOptions): void {
  const suite = createSuite(runner, options);
  const names = options.chapters ?? (Object.keys(chapters) as Chapter[]);
  suite.define(`${options.name} keeps the contract of a SpanStore`, () => {
    for (const name of names) suite.describe(name, () => chapters[name](suite));
  });
}

const chapters: Readonly<Record<Chapter, (suite: Suite) => void>> = {
  lifecycle: describeLifecycle,
  losslessness: describeLosslessness,
  writing: describeWriting,
  ownership: describeOwnership,
  retention: describeRetention,
  expiring: describeExpiring,
  names: describeNames,
  searching: describeSearching,
  "traces as they come": describeOddTraces,
  paging: describePaging,
  "edges of pages": describePageEdges,
  refusing: describeRefusing,
  "hostile text": describeHostileText,
  dependencies: describeDependencies,
  metrics: describeMetrics,
  watching: describeWatching,
  tenants: describeTenants,
  "large traces": describeLargeTraces,
  differential: describeDifferential,
};
