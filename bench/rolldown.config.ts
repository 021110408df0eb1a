import { defineConfig } from "rolldown";
import { shared } from "../rolldown.base.ts";

export default defineConfig({
  ...shared,
  input: { main: "src/main.ts", "load-worker": "src/load-worker.ts", metrics: "src/metrics/main.ts" },
});
