import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { connectSpanStore } from "@spanstore/client";
import { openMemoryStore } from "@spanstore/core";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { until } from "../../../../scripts/test-support/processes.js";
import { startServer } from "../../src/index.js";
import type { TenancyOptions } from "../../src/routing/tenancy.js";
import type { AuthOptions } from "../../src/security/authorizer.js";
import { connect, errorOf, exportRequest, methods, spanId, type TestClient, traceId } from "../harness.js";

const folder = mkdtempSync(join(tmpdir(), "spanstore-auth-"));
afterAll(() => rmSync(folder, { recursive: true }));
const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const tokens = {
  read: "read-0123456789abcdef",
  write: "write-0123456789abcdef",
  all: "all-0123456789abcdef",
  acme: "acme-0123456789abcdef",
};
let files = 0;
function tokensFile(...lines: readonly string[]): string {
  const path = join(folder, `tokens-${++files}`);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}
const everyRole = () =>
  tokensFile(
    "# role token settings",
    `read  ${tokens.read} name=query`,
    `write ${tokens.write}`,
    "",
    `all\t${tokens.all}`,
    `all ${tokens.acme} tenants=acme,beta name=acme`,
  );

async function serve(auth: AuthOptions, tenancy?: TenancyOptions) {
  const store = openMemoryStore();
  const archive = openMemoryStore();
  const server = await startServer({
    store,
    openArchive: async () => archive,
    listen: "127.0.0.1:0",
    admin: "127.0.0.1:0",
    allowPurge: true,
    auth: { reloadIntervalMs: 20, ...auth },
    ...(tenancy === undefined ? {} : { tenancy }),
  });
  stops.push(async () => {
    await server.close();
    await store.close();
  });
  const as = (headers: Readonly<Record<string, string>>): TestClient => {
    const client = connect(server.address, {}, headers);
    stops.push(() => client.close());
    return client;
  };
  return { server, as, withToken: (token: string) => as({ authorization: `Bearer ${token}` }) };
}

const call = (client: TestClient, path: string): Promise<unknown> => {
  const method = methods.find((each) => each.path === path);
  if (method?.requestStream) {
    const { call: stream, answer } = client.upload(path.slice(1));
    stream.end();
    return answer;
  }
  return method?.responseStream ? client.collect(path.slice(1), {}) : client.unary(path.slice(1), {});
};
/** The status that a call ends with, whatever it is. */
const codeOf = async (client: TestClient, path: string): Promise<number> => {
  try {
    await call(client, path);
    return status.OK;
  } catch (error) {
    return (error as { code: number }).code;
  }
};

/** What of the protocol writes, and what only tells what the server can do. */
const writing = /Writer|TraceService|\/ArchiveTrace/;
const telling = /Capabilities/;

describe("bearer tokens", () => {
  it.each(methods.map(({ path }) => path))(
    "%s is let through with its role, and with no other",
    async (path) => {
      const { as, withToken } = await serve({ tokensFile: everyRole() });
      for (const headers of [
        {},
        { authorization: "" },
        { authorization: tokens.all },
        { authorization: `Basic ${tokens.all}` },
        { authorization: `Bearer ${tokens.all}x` },
        { authorization: `Bearer ${tokens.all.slice(0, -1)}` },
        { authorization: `Bearer ${tokens.all}, Bearer ${tokens.read}` },
        { "bearer.token": tokens.all },
      ]) {
        expect(await codeOf(as(headers), path), JSON.stringify(headers)).toBe(status.UNAUTHENTICATED);
      }
      const allowed = telling.test(path) ? ["read", "write"] : writing.test(path) ? ["write"] : ["read"];
      for (const role of ["read", "write"] as const) {
        const code = await codeOf(withToken(tokens[role]), path);
        if (allowed.includes(role))
          expect([status.UNAUTHENTICATED, status.PERMISSION_DENIED]).not.toContain(code);
        else expect(code, role).toBe(status.PERMISSION_DENIED);
      }
      for (const code of [
        await codeOf(withToken(tokens.all), path),
        await codeOf(as({ authorization: `bearer  ${tokens.all}` }), path),
      ]) {
        expect([status.UNAUTHENTICATED, status.PERMISSION_DENIED]).not.toContain(code);
      }
    },
  );

  it("tells callers without a token only that it serves", async () => {
    const { server, as } = await serve({ tokensFile: everyRole() });
    const store = connectSpanStore(server.address);
    stops.push(() => store.close());
    await store.health();
    await expect(store.getServices()).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect((await errorOf(as({}).unary("GetServices", {}))).details).toContain("Bearer");
    const ask = async (path: string, token?: string, method = "GET") =>
      (
        await fetch(`http://${server.adminAddress}${path}`, {
          method,
          headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        })
      ).status;
    for (const path of ["/healthz", "/readyz"]) expect(await ask(path)).toBe(200);
    expect(await ask("/metrics")).toBe(401);
    expect(await ask("/metrics", tokens.write)).toBe(403);
    expect(await ask("/metrics", tokens.read)).toBe(200);
    for (const path of ["/purge", "/delete-before?time=1", "/expire?time=1"]) {
      expect(await ask(path, undefined, "POST")).toBe(401);
      expect(await ask(path, tokens.read, "POST")).toBe(403);
      expect(await ask(path, tokens.write, "POST")).toBe(403);
      expect(await ask(path, tokens.all, "POST")).toBe(200);
    }
  });

  it("holds a token to its tenants", async () => {
    const { server, as } = await serve({ tokensFile: everyRole() }, { required: false });
    const codeAs = (tenant?: string) =>
      codeOf(
        as({
          authorization: `Bearer ${tokens.acme}`,
          ...(tenant === undefined ? {} : { "x-tenant": tenant }),
        }),
        "/jaeger.storage.v2.TraceReader/GetServices",
      );
    expect(await codeAs("acme")).toBe(status.OK);
    expect(await codeAs("beta")).toBe(status.OK);
    expect(await codeAs("gamma")).toBe(status.PERMISSION_DENIED);
    expect(await codeAs("acme,gamma")).toBe(status.PERMISSION_DENIED);
    expect(await codeAs()).toBe(status.PERMISSION_DENIED);
    const purge = async (tenant?: string) =>
      (
        await fetch(`http://${server.adminAddress}/purge`, {
          method: "POST",
          headers: {
            authorization: `Bearer ${tokens.acme}`,
            ...(tenant === undefined ? {} : { "x-tenant": tenant }),
          },
        })
      ).status;
    expect([await purge("acme"), await purge("gamma"), await purge()]).toEqual([200, 403, 403]);
  });

  it("follows its file, and keeps what it had while that cannot be used", async () => {
    const path = everyRole();
    const { server, withToken } = await serve({ tokensFile: path, tokens: ["read:environment-01234567"] });
    const services = "/jaeger.storage.v2.TraceReader/GetServices";
    const client = withToken(tokens.read);
    expect(await codeOf(client, services)).toBe(status.OK);
    const reloads = async (result: string) =>
      (
        await (
          await fetch(`http://${server.adminAddress}/metrics`, {
            headers: { authorization: "Bearer environment-01234567" },
          })
        ).text()
      ).includes(`spanstore_reloads_total{what="tokens",result="${result}"} 1`) || undefined;

    writeFileSync(path, "reader oops\n");
    await until(() => reloads("failed"), { what: "the failure" });
    expect(await codeOf(client, services)).toBe(status.OK);
    writeFileSync(`${path}.new`, "read another-0123456789abcdef\n");
    renameSync(`${path}.new`, path);
    await until(() => reloads("ok"), { what: "the change" });
    // On the connection that it has.
    expect(await codeOf(client, services)).toBe(status.UNAUTHENTICATED);
    expect(await codeOf(withToken("another-0123456789abcdef"), services)).toBe(status.OK);
    expect(await codeOf(withToken("environment-01234567"), services)).toBe(status.OK);
  });

  it("reads nothing of a call that it refuses", async () => {
    const { as } = await serve({ tokensFile: everyRole() });
    const large = exportRequest({
      traceId: traceId(1),
      spanId: spanId(1),
      attributes: { text: "x".repeat(60_000_000) },
    });
    expect((await errorOf(as({}).unary("Export", large))).code).toBe(status.UNAUTHENTICATED);
  });

  it.each<[string, AuthOptions]>([
    ["an unknown role", { tokensFile: tokensFile("admin 0123456789abcdef") }],
    ["a short token", { tokensFile: tokensFile("read 0123456789") }],
    ["an unknown setting", { tokensFile: tokensFile("read 0123456789abcdef role=x") }],
    ["a file of nothing", { tokensFile: tokensFile("# nobody") }],
    ["no file", { tokensFile: join(folder, "nowhere") }],
    ["a token without a role", { tokens: ["0123456789abcdef"] }],
  ])("does not start with %s, and does not say what it read", async (_, auth) => {
    const failure = await startServer({ store: openMemoryStore(), listen: "127.0.0.1:0", auth }).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(failure).toMatchObject({ code: "INVALID_OPTIONS" });
    expect(String(failure)).not.toContain("0123456789");
  });
});
