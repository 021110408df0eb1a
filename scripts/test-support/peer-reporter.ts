import type { Reporter, TestCase, TestModule, TestSuite } from "vitest/node";
import { catalog } from "../peers/locate.mjs";

/** Says in the last lines of a run which peers were missing and which tests did not run for it. */
export function peerReporter(): Reporter {
  return {
    onTestRunEnd(modules: readonly TestModule[]) {
      const lines = report(modules);
      if (lines.length === 0) return;
      // Vitest writes its own summary to stdout in the same step; this comes after it.
      process.once("exit", () => process.stdout.write(`\n${lines.join("\n")}\n`));
    },
  };
}

function report(modules: readonly TestModule[]): string[] {
  const peers = new Map<string, Map<string, number>>();
  for (const module of modules) {
    for (const test of module.children.allTests("skipped")) {
      const suite = suiteInNeed(test);
      if (suite === undefined) continue;
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
