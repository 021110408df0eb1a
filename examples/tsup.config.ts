import { defineConfig } from "tsup";

export default defineConfig({
  entry: { demo: "demo/main.ts", orders: "manticore/main.ts", quickstart: "quickstart/quickstart.ts" },
  format: "esm",
  target: "node20",
  sourcemap: true,
  clean: true,
});
