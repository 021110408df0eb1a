import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/program.ts", "src/main.ts"],
  format: "esm",
  target: "node22",
  dts: { entry: ["src/index.ts", "src/program.ts"] },
  sourcemap: true,
  clean: true,
});
