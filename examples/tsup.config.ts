import { defineConfig } from "tsup";

export default defineConfig({
  entry: {
    adapters: "adapters/main.ts",
    demo: "demo/main.ts",
    orders: "manticore/main.ts",
    quickstart: "quickstart/quickstart.ts",
  },
  format: "esm",
  target: "node22",
  sourcemap: true,
  clean: true,
});
