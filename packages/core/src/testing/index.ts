import { describeDependencies } from "./chapters/counting/dependencies.js";
import { describeMetrics } from "./chapters/counting/metrics.js";
import { describeExpiring } from "./chapters/deleting/expiring.js";
import { describeRetention } from "./chapters/deleting/retention.js";
import { describeDifferential } from "./chapters/differential.js";
import { describeHostileText } from "./chapters/hostile-text.js";
import { describeLargeTraces } from "./chapters/large-traces.js";
import { describeLifecycle } from "./chapters/lifecycle.js";
import { describeLosslessness } from "./chapters/losslessness.js";
import { describeNames } from "./chapters/names.js";
import { describeOddTraces } from "./chapters/odd-traces.js";
import { describeOwnership } from "./chapters/ownership.js";
import { describePageEdges } from "./chapters/page-edges.js";
import { describePaging } from "./chapters/paging.js";
import { describeRefusing } from "./chapters/refusing.js";
import { describeSearching } from "./chapters/searching.js";
import { describeTenants } from "./chapters/tenants.js";
import { describeWatching } from "./chapters/watching.js";
import { describeWriting } from "./chapters/writing.js";
import { type ConformanceOptions, createSuite, type TestRunner } from "./harness.js";

export { tracesData } from "./arbitrary-otlp.js";
export type { ConformanceOptions, OptOut, TestRunner } from "./harness.js";

/**
 * Defines the tests that every SpanStore must pass, with the functions of a test runner:
 *
 * ```ts
 * import { describeSpanStore } from "@spanstore/core/testing";
 * import { describe, it } from "vitest";
 *
 * describeSpanStore({ describe, it }, { name: "mine", open: openMyStore, persists: false });
 * ```
 *
 * `optOuts` leaves out the tests of features that a store does not have. Random cases print
 * their seed; SPANSTORE_CONFORMANCE_SEED repeats them, and SPANSTORE_CONFORMANCE_RUNS sets their number.
 *
 * The suite or the memory engine defines the expected answers; the suite never asks a store for its features. It uses only the
 * SpanStore, which may be remote.
 */
export function describeSpanStore(runner: TestRunner, options: ConformanceOptions): void {
  const suite = createSuite(runner, options);
  suite.define(`${options.name} keeps the contract of a SpanStore`, () => {
    suite.describe("lifecycle", () => describeLifecycle(suite));
    suite.describe("losslessness", () => describeLosslessness(suite));
    suite.describe("writing", () => describeWriting(suite));
    suite.describe("ownership", () => describeOwnership(suite));
    suite.describe("retention", () => describeRetention(suite));
    suite.describe("expiring", () => describeExpiring(suite));
    suite.describe("names", () => describeNames(suite));
    suite.describe("searching", () => describeSearching(suite));
    suite.describe("traces as they come", () => describeOddTraces(suite));
    suite.describe("paging", () => describePaging(suite));
    suite.describe("edges of pages", () => describePageEdges(suite));
    suite.describe("refusing", () => describeRefusing(suite));
    suite.describe("hostile text", () => describeHostileText(suite));
    suite.describe("dependencies", () => describeDependencies(suite));
    suite.describe("metrics", () => describeMetrics(suite));
    suite.describe("watching", () => describeWatching(suite));
    suite.describe("tenants", () => describeTenants(suite));
    suite.describe("large traces", () => describeLargeTraces(suite));
    suite.describe("differential", () => describeDifferential(suite));
  });
}
