import { pageDirectory } from "@spanstore/ui";
import sirv from "sirv";
import { answering, type Page } from "./files.js";
import { jaegerUi } from "./jaeger-ui.js";

export interface PageOptions {
  /** A folder with the built files of Jaeger's UI, served in place of our page. */
  readonly uiDir: string | undefined;
  readonly hasArchive: boolean;
  /** Undefined: there are no tenants. */
  readonly tenantHeader: string | undefined;
}

/** @throws INVALID_OPTIONS when `uiDir` has no files of Jaeger's UI. */
export function createPage({ uiDir, hasArchive, tenantHeader }: PageOptions): Page {
  return uiDir === undefined ? ownPage(tenantHeader) : jaegerUi(uiDir, hasArchive);
}

/** Allows scripts, styles and requests of the page's own origin only, and no inline script. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const ownHeaders = {
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

/** For files whose name has a hash of their content. */
const forever = "public, max-age=31536000, immutable";

/** The page reads here how to name a tenant, before its first call. */
const settingsPath = "/settings.json";

function ownPage(tenantHeader: string | undefined): Page {
  const settings = JSON.stringify({ tenantHeader });
  const files = sirv(pageDirectory, {
    etag: true,
    gzip: true,
    brotli: true,
    extensions: ["html"],
    setHeaders: (response, path) => {
      for (const [name, value] of Object.entries(ownHeaders)) response.setHeader(name, value);
      response.setHeader("cache-control", path.startsWith("/assets/") ? forever : "no-cache");
    },
  });
  const answerFile = answering(files);
  return {
    answer(request, response) {
      if (request.url !== settingsPath) return answerFile(request, response);
      response.writeHead(200, {
        ...ownHeaders,
        "cache-control": "no-cache",
        "content-type": "application/json",
        "content-length": Buffer.byteLength(settings),
      });
      response.end(request.method === "HEAD" ? undefined : settings);
      return true;
    },
  };
}
