import { defineConfig } from "tsup";

export default defineConfig({
  entry: { demo: "demo/main.ts", quickstart: "quickstart/quickstart.ts" },
  format: "esm",
  target: "node20",
  sourcemap: true,
  clean: true,
});
