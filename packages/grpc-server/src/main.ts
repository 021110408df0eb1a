#!/usr/bin/env node
import { unsupportedNode } from "@spanstore/core/engine";

const problem = unsupportedNode();
if (problem !== undefined) {
  process.stderr.write(`grpc-server: ${problem}\n`);
  process.exit(1);
}
// Imported only now, since it may need the newer Node.
const { run } = await import("./run.js");
process.exit(await run(process.argv.slice(2), process.env));
