import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { openMemoryStore } from "@spanstore/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHttpFace } from "../../src/index.js";
import { serve } from "../harness.js";

describe("the page's files", () => {
  it("come with a policy that allows nothing from elsewhere, and take no token", async () => {
    const { SpanStoreError } = await import("@spanstore/core");
    await using served = await serve({
      authorize: () => {
        throw new SpanStoreError("UNAUTHENTICATED", "no token");
      },
    });
    const { status, headers, text } = await served.get("/");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/html;charset=utf-8");
    expect(headers.get("cache-control")).toBe("no-cache");
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(policy).not.toMatch(/unsafe|http|\*/);
    expect(text).not.toMatch(/(?:src|href)="(?!\.\/)/);
    const asked = await served.get("/", { headers: { "if-none-match": headers.get("etag") ?? "" } });
    expect(asked.status).toBe(304);
    expect((await served.get("/api/services")).status).toBe(401);
  });

  it("are there for ever under names that change with them, compressed, and small", async () => {
    await using served = await serve();
    const { text } = await served.get("/");
    const files = [...text.matchAll(/\.\/(assets\/[^"]+)/g)].map(([, file]) => file ?? "");
    expect(files.length).toBeGreaterThan(1);
    let bytes = 0;
    for (const file of files) {
      const { status, headers } = await served.get(`/${file}`, { headers: { "accept-encoding": "gzip" } });
      expect(status).toBe(200);
      expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      bytes += Number(headers.get("content-length"));
    }
    expect(bytes).toBeGreaterThan(1000);
    expect(bytes).toBeLessThan(200_000);
  });

  it.each([
    ["gzip, deflate, br, zstd", "br"],
    ["gzip, br;q=0", "gzip"],
    ["gzip;q=0", null],
    ["identity", null],
  ])("come compressed as %j wants it: %s", async (accept, coding) => {
    await using served = await serve();
    const { text } = await served.get("/");
    const file = /\.\/(assets\/[^"]+\.js)/.exec(text)?.[1];
    const { headers } = await served.get(`/${file}`, { headers: { "accept-encoding": accept } });
    expect(headers.get("content-encoding")).toBe(coding);
    expect(headers.get("vary")?.toLowerCase()).toBe("accept-encoding");
  });

  it("answer HEAD without a body", async () => {
    await using served = await serve();
    const { status, headers, text } = await served.get("/", { method: "HEAD" });
    expect({ status, text }).toEqual({ status: 200, text: "" });
    expect(Number(headers.get("content-length"))).toBeGreaterThan(0);
  });

  it.each([
    "/nothing",
    "/assets/",
    "/assets/nothing.js",
    "/assets/..%2f..%2fpackage.json",
    "/..%2f..%2fpackage.json",
    "/api",
    "/%00",
  ])("are all that there is: %s", async (path) => {
    await using served = await serve();
    const { status, json } = await served.get(path);
    expect(status).toBe(404);
    expect(json.errors[0].code).toBe(404);
  });

  it("are not served where only the API is", async () => {
    await using served = await serve({ serve: ["query", "otlp"] });
    expect((await served.get("/")).status).toBe(404);
  });
});

const jaegerIndex = `<!doctype html><html><head><base href="/" data-inject-target="BASE_URL" /><script>
  const DEFAULT_CONFIG = null;
  const JAEGER_CONFIG = DEFAULT_CONFIG;
  const DEFAULT_STORAGE_CAPABILITIES = { "archiveStorage": false };
  const JAEGER_STORAGE_CAPABILITIES = DEFAULT_STORAGE_CAPABILITIES;
  const JAEGER_BACKEND_CAPABILITIES = DEFAULT_BACKEND_CAPABILITIES;
</script></head></html>`;

function folderWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), "spanstore-ui-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

describe("Jaeger's UI in its place", () => {
  it("has its index at every path of its views, with what Jaeger writes into it", async () => {
    const uiDir = folderWith({
      "index.html": jaegerIndex,
      "static/main.js": "1;",
      "static/packed.js": "3;",
      "static/packed.js.gz": gzipSync("2;"),
    });
    const archive = openMemoryStore();
    await using served = await serve({ uiDir, archiveOf: async () => archive });
    for (const path of ["/", "/search", "/trace/5b8aa5a2d2c872e8", "/index.html"]) {
      const { status, headers, text } = await served.get(path);
      expect(status).toBe(200);
      expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(text).toContain(
        'JAEGER_CONFIG = {"archiveEnabled":true,"dependencies":{"menuEnabled":true},"monitor":{"menuEnabled":true}};',
      );
      const capabilities = '{"archiveStorage":true,"metricsStorage":true}';
      expect(text).toContain(`JAEGER_STORAGE_CAPABILITIES = ${capabilities};`);
      expect(text).toContain(`JAEGER_BACKEND_CAPABILITIES = ${capabilities};`);
      const again = await served.get(path, { headers: { "if-none-match": headers.get("etag") ?? "" } });
      expect(again.status).toBe(304);
    }
    expect((await served.get("/static/main.js")).text).toBe("1;");
    expect((await served.get("/static/packed.js")).text).toBe("2;");
    expect((await served.get("/static/nothing.js")).status).toBe(404);
    expect((await served.get("/api/services")).json.data).toEqual([]);
  });

  it.each([
    [{}, /has no index\.html/],
    [{ "index.html": "<html></html>" }, /not that of Jaeger's UI/],
  ])("is refused where it is not: %j", (files, message) => {
    const uiDir = folderWith(files);
    expect(() => createHttpFace(openMemoryStore(), { uiDir })).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTIONS",
        field: "uiDir",
        message: expect.stringMatching(message),
      }),
    );
  });
});
