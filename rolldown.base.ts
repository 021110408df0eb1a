import type { ConfigExport } from "rolldown";

/** Rolldown's own helpers for syntax that the target lacks: they are bundled. */
const helpers = "@oxc-project";

/** How every package is built: ESM for the oldest Node that is served, with what it depends on left outside. */
export const shared = {
  platform: "node",
  external: (id) => /^[^./]/.test(id) && !id.includes(helpers),
  transform: { target: "node22.12" },
  output: {
    dir: "dist",
    format: "esm",
    sourcemap: true,
    cleanDir: true,
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
  },
} satisfies ConfigExport;
