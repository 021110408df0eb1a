import type { Reporter, TestCase, TestModule, TestSuite } from "vitest/node";
import { catalog, locatePeer } from "../peers/locate.mjs";

/** Ends a run with the files that took longest, the peers that were missing, the tests that did not run for it, and one line of counts. */
export function closingReporter(): Reporter {
  return {
    onTestRunEnd(modules, unhandledErrors) {
      const lines = [...longest(modules), ...missingPeers(modules), counts(modules, unhandledErrors.length)];
      // Vitest writes its own summary to stdout in the same step; this comes after it.
      process.once("exit", () => process.stdout.write(`\n${lines.join("\n")}\n`));
    },
  };
}

const listed = 10;

/** Nothing for a run of a few files, of which vitest tells enough. */
function longest(modules: readonly TestModule[]): string[] {
  if (modules.length <= listed) return [];
  const times = modules.map((module) => {
    const { duration, setupDuration, collectDuration } = module.diagnostic();
    return { file: module.relativeModuleId, seconds: (duration + setupDuration + collectDuration) / 1000 };
  });
  const all = times.reduce((sum, { seconds }) => sum + seconds, 0);
  const top = times.sort((a, b) => b.seconds - a.seconds).slice(0, listed);
  return [
    `What took longest, of ${all.toFixed(0)} s in ${modules.length} files:`,
    ...top.map(({ file, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${file}`),
  ];
}

/**
 * A test that was to run and did not, as in an interrupted run, counts as skipped. An error outside of
 * the tests, in a file, in a hook or unhandled, counts as a failed one.
 */
function counts(modules: readonly TestModule[], unhandledErrors: number): string {
  let passed = 0;
  let failed = unhandledErrors;
  let skipped = 0;
  for (const module of modules) {
    failed += module.errors().length;
    for (const suite of module.children.allSuites()) failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "passed") passed += 1;
      else if (state === "failed") failed += 1;
      else skipped += 1;
    }
  }
  return `tests: ${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function missingPeers(modules: readonly TestModule[]): string[] {
  const peers = new Map<string, Map<string, number>>();
  const found = new Map<string, boolean>();
  const isHere = (peer: string): boolean => {
    const known = found.get(peer) ?? locatePeer(peer) !== undefined;
    found.set(peer, known);
    return known;
  };
  for (const module of modules) {
    for (const test of module.children.allTests("skipped")) {
      const suite = suiteInNeed(test);
      if (suite === undefined || isHere(suite.peer)) continue;
      const suites = peers.get(suite.peer) ?? new Map<string, number>();
      const name = `${module.relativeModuleId} > ${suite.name}`;
      suites.set(name, (suites.get(name) ?? 0) + 1);
      peers.set(suite.peer, suites);
    }
  }
  if (peers.size === 0) return [];
  const lines = ["*** PEERS ARE MISSING, SO NOT EVERYTHING WAS TESTED:"];
  for (const [name, suites] of peers) {
    const peer = catalog[name];
    const remedy = peer?.manual ?? "npm run peers";
    lines.push(`*** ${peer?.title ?? name} is missing (${remedy}; or set ${peer?.env}). NOT run:`);
    for (const [suite, tests] of suites) lines.push(`***   ${suite}: ${tests} tests`);
  }
  return lines;
}

const mark = /^(.*) \[needs ([^\]]+)\]$/;

/** The suite around a test that is marked as needing a peer: see describeWithPeer. */
function suiteInNeed(test: TestCase): { name: string; peer: string } | undefined {
  for (let above: TestCase | TestSuite | TestModule = test; above.type !== "module"; above = above.parent) {
    const [, name, peer] = mark.exec(above.name) ?? [];
    if (name !== undefined && peer !== undefined) return { name, peer };
  }
  return undefined;
}
