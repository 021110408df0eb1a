import { createRequire } from "node:module";
import { SpanStoreError } from "@spanstore/core";
import { checkNode, messageOf } from "@spanstore/core/engine";
import type Database from "better-sqlite3";

let loaded: typeof Database | undefined;

/**
 * The driver. The first call of each thread loads it and tries it out.
 * @throws DRIVER_UNAVAILABLE when it is not installed or its binary does not run here.
 */
export function driver(): typeof Database {
  if (loaded !== undefined) return loaded;
  // On an older Node the driver's binary ends the process without a message.
  checkNode();
  try {
    // `require` lets a failure get our error code, and makes bundlers leave the driver beside its binary.
    const candidate = createRequire(import.meta.url)("better-sqlite3") as typeof Database;
    candidate(":memory:").close();
    loaded = candidate;
    return candidate;
  } catch (cause) {
    const [problem = ""] = messageOf(cause).split("\n");
    throw new SpanStoreError("DRIVER_UNAVAILABLE", `better-sqlite3 does not load: ${problem}`, {
      hint: hintFor(problem),
      cause,
    });
  }
}

function hintFor(problem: string): string {
  if (problem.includes("'better-sqlite3'")) {
    return "install better-sqlite3 where the program runs; a bundler leaves it out, and must leave out this package too: --external:@spanstore/sqlite";
  }
  const { platform, arch } = process;
  return `it has binaries for Linux, macOS and Windows on x64 and arm64, and this is ${platform} ${arch}: build one with \`npx node-gyp rebuild --release --force_build=1 --directory node_modules/better-sqlite3\`, or use another backend`;
}
