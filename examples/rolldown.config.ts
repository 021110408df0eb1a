import { defineConfig } from "rolldown";
import { shared } from "../rolldown.base.ts";

export default defineConfig({
  ...shared,
  input: {
    adapters: "adapters/main.ts",
    demo: "demo/main.ts",
    orders: "manticore/main.ts",
    quickstart: "quickstart/quickstart.ts",
  },
});
