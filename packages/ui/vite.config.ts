import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at("src/page"),
  // The page works behind any prefix of a path: its files and the API are beside it.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  resolve: {
    // Core's sources, of which only what the page uses goes into it; its built files are joined for Node.js.
    alias: [
      { find: /^@spanstore\/core$/, replacement: at("../core/src/index.ts") },
      { find: /^@spanstore\/core\/otlp$/, replacement: at("../core/src/otlp.ts") },
      { find: /^@spanstore\/core\/text$/, replacement: at("../core/src/text/index.ts") },
    ],
  },
  build: {
    outDir: at("dist/page"),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    // The policy of the page allows no data: scripts.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  plugins: [compressed()],
});

/** Each text comes compressed beside itself, so that serving it costs no time. */
function compressed(): Plugin {
  return {
    name: "compressed",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const [fileName, file] of Object.entries(bundle)) {
          const source = Buffer.from(file.type === "chunk" ? file.code : file.source);
          if (source.length < 512) continue;
          const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
          this.emitFile({
            type: "asset",
            fileName: `${fileName}.gz`,
            source: gzipSync(source, { level: 9 }),
          });
          this.emitFile({
            type: "asset",
            fileName: `${fileName}.br`,
            source: brotliCompressSync(source, { params }),
          });
        }
      },
    },
  };
}
