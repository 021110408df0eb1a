import { defineConfig } from "rolldown";
import { shared } from "../../rolldown.base.ts";

export default defineConfig({ ...shared, input: { index: "src/index.ts" } });
