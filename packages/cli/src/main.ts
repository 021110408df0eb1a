#!/usr/bin/env node
import { unsupportedNode } from "@spanstore/core/engine";

const problem = unsupportedNode();
if (problem !== undefined) {
  process.stderr.write(`spanstore: ${problem}\n`);
  process.exit(1);
}
// Node's own warnings of deprecated calls are for the authors of libraries.
process.noDeprecation = true;
// Only now: what it imports may need the newer Node.
const { run } = await import("./run.js");
process.exit(await run(process.argv.slice(2), process.env));
