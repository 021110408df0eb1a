import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { closingReporter } from "./scripts/test-support/closing-reporter.js";
import { LongestFirst } from "./scripts/test-support/longest-first.js";

// Programs and threads that tests start load the same files again and again: Node keeps them compiled.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, "node_modules/.cache/compile");

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/**/*.test.ts", "bench/test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    // Tests wait for engines, servers and disks about a third of their time, so that three files go well beside each other on two cores.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    // Servers that tests start would all open the same port.
    env: { SPANSTORE_HTTP_LISTEN: "none" },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    setupFiles:
      process.env.SPANSTORE_RANDOM_SECONDS || process.env.CI ? ["scripts/test-support/random-cases.ts"] : [],
    globalSetup: ["scripts/test-support/elasticsearch/global-setup.ts"],
    reporters: ["default", closingReporter()],
  },
});
