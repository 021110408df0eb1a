import { defineConfig } from "vitest/config";
import { closingReporter } from "./scripts/test-support/closing-reporter.js";

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/**/*.test.ts", "bench/test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    reporters: ["default", closingReporter()],
  },
});
