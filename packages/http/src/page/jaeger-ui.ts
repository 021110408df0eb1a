import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SpanStoreError } from "@spanstore/core";
import sirv from "sirv";
import { answering, type Page } from "./files.js";

/** The places in the UI's index that Jaeger's query service fills in. */
const places = {
  config: /JAEGER_CONFIG *= *DEFAULT_CONFIG;/,
  // STORAGE in Jaeger 1.76, BACKEND in 2.20.
  capabilities: /JAEGER_(STORAGE|BACKEND)_CAPABILITIES *= *DEFAULT_\1_CAPABILITIES;/g,
};

/**
 * Serves the files of Jaeger's UI, and its index at every other path, since the UI routes by path.
 * @throws INVALID_OPTIONS when the folder has no index of Jaeger's UI.
 */
export function jaegerUi(folder: string, hasArchive: boolean): Page {
  const index = configured(readIndex(folder), hasArchive);
  const etag = `"${createHash("sha1").update(index).digest("base64url")}"`;
  const files = answering(
    sirv(folder, {
      etag: true,
      gzip: true,
      brotli: true,
      extensions: ["html"],
      setHeaders: (response) => response.setHeader("x-content-type-options", "nosniff"),
    }),
  );
  return {
    answer(request, response) {
      const path = (request.url ?? "").split("?", 1)[0] ?? "";
      const isIndex = path === "/" || path === "/index.html";
      if (!isIndex && files(request, response)) return true;
      if (!isIndex && /\.[a-z0-9]+$/i.test(path) && path.startsWith("/static/")) return false;
      const isKnown = request.headers["if-none-match"] === etag;
      response.writeHead(isKnown ? 304 : 200, {
        etag,
        "cache-control": "no-cache",
        ...(isKnown ? {} : { "content-type": "text/html; charset=utf-8" }),
        "x-content-type-options": "nosniff",
      });
      response.end(isKnown || request.method === "HEAD" ? undefined : index);
      return true;
    },
  };
}

function readIndex(folder: string): string {
  let text: string;
  try {
    text = readFileSync(join(folder, "index.html"), "utf8");
  } catch (cause) {
    throw noUi(folder, "has no index.html", cause);
  }
  if (!places.config.test(text)) throw noUi(folder, "has an index.html that is not that of Jaeger's UI");
  return text;
}

function noUi(folder: string, problem: string, cause?: unknown): SpanStoreError {
  return new SpanStoreError("INVALID_OPTIONS", `${JSON.stringify(folder)} ${problem}`, {
    field: "uiDir",
    hint: "name the folder of the built files: packages/jaeger-ui/build of jaegertracing/jaeger-ui",
    cause,
  });
}

function configured(index: string, hasArchive: boolean): string {
  const menuEnabled = true;
  const config = JSON.stringify({
    archiveEnabled: hasArchive,
    dependencies: { menuEnabled },
    monitor: { menuEnabled },
  });
  const capabilities = JSON.stringify({ archiveStorage: hasArchive, metricsStorage: true });
  return index
    .replace(places.config, () => `JAEGER_CONFIG = ${config};`)
    .replace(places.capabilities, (_, what) => `JAEGER_${what}_CAPABILITIES = ${capabilities};`);
}
