import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { type ClientTls, connectSpanStore } from "@spanstore/client";
import { openMemoryStore } from "@spanstore/core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  type Authority,
  createAuthority,
  type Issued,
} from "../../../../scripts/test-support/certificates.js";
import { until } from "../../../../scripts/test-support/processes.js";
import { type RunningServer, startServer } from "../../src/index.js";
import { openTls, type TlsOptions } from "../../src/security/tls-source.js";
import { exportRequest, spanId, traceId } from "../harness.js";

const folder = mkdtempSync(join(tmpdir(), "spanstore-tls-"));
let authority: Authority;
let strangers: Authority;
let first: Issued;
let second: Issued;
let expired: Issued;
let client: Issued;
let stranger: Issued;

beforeAll(() => {
  authority = createAuthority();
  strangers = createAuthority();
  first = authority.issue("first", "DNS:localhost", "IP:127.0.0.1");
  second = authority.issue("second", "DNS:localhost", "IP:127.0.0.1");
  expired = authority.issueExpired("expired", "DNS:localhost", "IP:127.0.0.1");
  client = authority.issue("client");
  stranger = strangers.issue("stranger");
});
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
afterAll(() => {
  authority?.remove();
  strangers?.remove();
  rmSync(folder, { recursive: true });
});

let folders = 0;
/** A folder with these as tls.crt and tls.key, as Kubernetes mounts a secret. */
function place(issued: Issued): string {
  const made = join(folder, String(++folders));
  mkdirSync(made);
  put(issued, made);
  return made;
}
function put({ certFile, keyFile }: Issued, into: string): void {
  copyFileSync(certFile, join(into, "tls.crt"));
  copyFileSync(keyFile, join(into, "tls.key"));
}

async function serve(
  options: Partial<TlsOptions> & Pick<TlsOptions, "certFile" | "keyFile">,
): Promise<RunningServer> {
  const store = openMemoryStore();
  const archive = openMemoryStore();
  const server = await startServer({
    store,
    openArchive: async () => archive,
    listen: "127.0.0.1:0",
    archiveListen: "127.0.0.1:0",
    admin: "127.0.0.1:0",
    allowPurge: true,
    tls: { reloadIntervalMs: 20, ...options },
  });
  stops.push(async () => {
    await server.close();
    await store.close();
  });
  return server;
}

function storeAt(address: string | undefined, tls: ClientTls | undefined, admin?: string) {
  const store = connectSpanStore(String(address), {
    ...(tls === undefined ? {} : { tls }),
    ...(admin === undefined ? {} : { admin: `https://${admin}` }),
  });
  stops.push(() => store.close());
  return store;
}

/** The name that a server's certificate is for, as a new connection sees it. */
function servedName(address: string): Promise<string> {
  const [host = "", port] = address.split(":");
  return new Promise((resolve, reject) => {
    const socket = connectTls(
      { host, port: Number(port), ca: authority.ca, ALPNProtocols: ["h2", "http/1.1"] },
      () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      },
    );
    socket.on("error", reject);
  });
}

function httpsStatus(address: string | undefined, path: string, tls: ClientTls): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(`https://${address}${path}`, { ...tls, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on("error", reject);
    request.end();
  });
}

const request = (n: number) => exportRequest({ traceId: traceId(n), spanId: spanId(n) });
const identity = (issued: Issued) => ({
  cert: readFileSync(issued.certFile),
  key: readFileSync(issued.keyFile),
});

describe("TLS", () => {
  it("serves both gRPC ports and the admin port, to clients that trust the authority, and not in plain text", async () => {
    const server = await serve({ certFile: first.certFile, keyFile: first.keyFile });
    const trusting = { ca: authority.ca };
    const store = storeAt(server.address, trusting, server.adminAddress);
    await store.write(request(1));
    expect(await store.getServices()).toEqual(["cart"]);
    expect((await store.stats()).bytes).toBeGreaterThan(0);
    expect(await storeAt(server.archiveAddress, trusting).getServices()).toEqual([]);
    for (const tls of [{ ca: strangers.ca }, undefined]) {
      await expect(storeAt(server.address, tls).getServices()).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
      });
    }
    await expect(httpsStatus(server.adminAddress, "/healthz", { ca: strangers.ca })).rejects.toThrow(
      /certificate/,
    );
    await expect(fetch(`http://${server.adminAddress}/healthz`)).rejects.toThrow();
  });

  it("speaks no older version than its option says", async () => {
    const server = await serve({ certFile: first.certFile, keyFile: first.keyFile, minVersion: "1.3" });
    for (const address of [server.address, String(server.adminAddress)]) {
      const [host = "", port] = address.split(":");
      const failure = await new Promise<Error>((resolve, reject) => {
        const socket = connectTls({ host, port: Number(port), ca: authority.ca, maxVersion: "TLSv1.2" }, () =>
          reject(new Error("TLS 1.2 was spoken")),
        );
        socket.on("error", resolve);
      });
      expect(String(failure)).toMatch(/protocol version/i);
    }
  });

  it("lets in only clients of the authority when it is mutual, but probes", async () => {
    const server = await serve({
      certFile: first.certFile,
      keyFile: first.keyFile,
      clientCaFile: authority.caFile,
    });
    const known = { ca: authority.ca, ...identity(client) };
    const store = storeAt(server.address, known, server.adminAddress);
    await store.write(request(1));
    await store.purge();
    expect(await storeAt(server.archiveAddress, known).getServices()).toEqual([]);
    for (const tls of [{ ca: authority.ca }, { ca: authority.ca, ...identity(stranger) }]) {
      for (const address of [server.address, server.archiveAddress]) {
        await expect(storeAt(address, tls).getServices()).rejects.toMatchObject({
          code: "STORE_UNAVAILABLE",
        });
      }
      for (const path of ["/healthz", "/readyz"])
        expect(await httpsStatus(server.adminAddress, path, tls)).toBe(200);
      expect(await httpsStatus(server.adminAddress, "/metrics", tls)).toBe(403);
      await expect(storeAt(server.address, tls, server.adminAddress).purge()).rejects.toMatchObject({
        code: "PERMISSION_DENIED",
      });
    }
  });

  it("has a new certificate without losing a connection, and keeps the old one while the new cannot be used", async () => {
    const mounted = place(first);
    const server = await serve({ certFile: join(mounted, "tls.crt"), keyFile: join(mounted, "tls.key") });
    const trusting = { ca: authority.ca };
    const store = storeAt(server.address, trusting);
    await store.write(request(1));
    const metric = async (name: string) => {
      const lines = (await metricsOf(String(server.adminAddress), trusting)).split("\n");
      return Number(
        lines
          .find((line) => line.startsWith(name))
          ?.split(" ")
          .at(-1) ?? 0,
      );
    };
    const failures = () => metric('spanstore_reloads_total{what="tls",result="failed"}');
    const untilMoreThan = (count: number) =>
      until(async () => ((await failures()) > count ? true : undefined), { what: "a failure" });
    expect(await servedName(server.address)).toBe("first");

    writeFileSync(
      join(mounted, "tls.crt"),
      "-----BEGIN CERTIFICATE-----\nno good\n-----END CERTIFICATE-----\n",
    );
    await untilMoreThan(0);
    expect(await servedName(server.address)).toBe("first");
    // Nor can a certificate whose key has not come yet, or one that is over.
    const next = [() => copyFileSync(second.certFile, join(mounted, "tls.crt")), () => put(expired, mounted)];
    for (const replace of next) {
      const before = await failures();
      replace();
      await untilMoreThan(before);
      expect(await servedName(server.address)).toBe("first");
    }

    put(second, mounted);
    for (const address of [server.address, String(server.archiveAddress), String(server.adminAddress)]) {
      await until(async () => ((await servedName(address)) === "second" ? true : undefined), {
        what: address,
      });
    }
    await store.write(request(2));
    expect((await store.findTraceIds({})).traces).toHaveLength(2);
    expect(await metric("spanstore_tls_certificate_end_timestamp_seconds ")).toBeGreaterThan(
      Date.now() / 1000,
    );
  });

  it("follows the links of a Kubernetes secret", async () => {
    const root = join(folder, "secret");
    mkdirSync(root);
    const [before, after] = [place(first), place(second)];
    symlinkSync(before, join(root, "..data"));
    for (const file of ["tls.crt", "tls.key"]) symlinkSync(join("..data", file), join(root, file));
    const server = await serve({ certFile: join(root, "tls.crt"), keyFile: join(root, "tls.key") });
    expect(await servedName(server.address)).toBe("first");
    symlinkSync(after, join(root, "..data_tmp"));
    renameSync(join(root, "..data_tmp"), join(root, "..data"));
    rmSync(before, { recursive: true });
    await until(async () => ((await servedName(server.address)) === "second" ? true : undefined), {
      what: "it",
    });
  });

  it("does not start with a certificate that cannot be used", async () => {
    const store = openMemoryStore();
    const starting = (tls: TlsOptions) => startServer({ store, listen: "127.0.0.1:0", tls });
    for (const tls of [
      { certFile: first.certFile, keyFile: second.keyFile },
      { certFile: first.keyFile, keyFile: first.keyFile },
      { certFile: join(folder, "nowhere"), keyFile: first.keyFile },
      { certFile: first.certFile, keyFile: first.keyFile, clientCaFile: first.keyFile },
      { certFile: first.certFile, keyFile: first.keyFile, clientCaFile: expired.certFile },
    ]) {
      await expect(starting(tls)).rejects.toMatchObject({ code: "INVALID_OPTIONS", field: "tls" });
    }
    const chain = join(folder, "chain.pem");
    writeFileSync(chain, readFileSync(first.certFile, "utf8") + readFileSync(expired.certFile, "utf8"));
    for (const [certFile, keyFile] of [
      [expired.certFile, expired.keyFile],
      [chain, first.keyFile],
    ] as const) {
      await expect(starting({ certFile, keyFile })).rejects.toThrow(
        /the certificate of CN=expired expired at \d{4}-\d\d-\d\dT/,
      );
    }
  });

  it("takes a certificate once it is valid", async () => {
    const mounted = place(first);
    let now = Date.now();
    const failures: unknown[] = [];
    let reloads = 0;
    const source = await openTls(
      { certFile: join(mounted, "tls.crt"), keyFile: join(mounted, "tls.key"), reloadIntervalMs: 100_000 },
      { inUse: () => {}, reloaded: () => void reloads++, reloadFailed: (error) => void failures.push(error) },
      () => now,
    );
    stops.push(async () => source.stop());
    put(second, mounted);
    now -= 86_400_000;
    for (let i = 0; i < 2; i++) await source.reload();
    expect(failures.map(String)).toEqual([expect.stringMatching(/CN=second is not valid before/)]);
    expect(reloads).toBe(0);
    now += 86_400_000;
    await source.reload();
    expect([reloads, failures.length]).toEqual([1, 1]);
    expect(String(source.current().cert)).toBe(readFileSync(second.certFile, "utf8"));
  });
});

function metricsOf(address: string, tls: ClientTls): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(`https://${address}/metrics`, { ...tls, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve(text));
    });
    request.on("error", reject);
    request.end();
  });
}
