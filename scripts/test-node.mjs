#!/usr/bin/env node
// Runs the tests on another Node: `npm run test:node -- 22`; further arguments are vitest's.

import { join } from "node:path";
import { environmentOf, nodeOfMajor } from "./node/install.mjs";
import { onNewEnoughNode } from "./node/rerun.mjs";
import { root, run } from "./run.mjs";

const majors = ["22", "24", "26"];

process.exitCode = await onNewEnoughNode(async () => {
  const [major, ...args] = process.argv.slice(2);
  if (!majors.includes(major)) {
    console.error(`Usage: npm run test:node -- ${majors.join("|")} [ARGS]`);
    return 2;
  }
  const { version, program } = await nodeOfMajor(major);
  console.log(`Node ${version}: ${program}`);
  const env = environmentOf(program);
  return run(program, [join(root, "scripts/workspace.mjs"), "test", ...args], { env });
});
