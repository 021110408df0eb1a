import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/main.ts", "src/load-worker.ts"],
  format: "esm",
  target: "node22",
  sourcemap: true,
  clean: true,
});
