import { defineConfig } from "rolldown";
import { shared } from "../../rolldown.base.ts";

export default defineConfig({
  ...shared,
  input: {
    index: "src/index.ts",
    engine: "src/engine.ts",
    otlp: "src/otlp.ts",
    "testing/index": "src/testing/index.ts",
    "text/index": "src/text/index.ts",
  },
});
