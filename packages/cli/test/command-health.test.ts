import { once } from "node:events";
import { createServer } from "node:net";
import { openMemoryStore } from "@spanstore/core";
import { startServer } from "@spanstore/grpc-server";
import { expect, it, onTestFinished } from "vitest";
import { createAuthority } from "../../../scripts/test-support/certificates.js";
import { freePorts } from "../../../scripts/test-support/processes.js";
import { cli, program } from "./cli.js";

async function health(...flags: string[]) {
  const { code, output, errors } = await cli(["health", ...flags]);
  return { code, output: [output, ...errors].join("\n") };
}

const ready = { code: 0, output: "ready\n" };

it("exits with 0 for a server that can serve, wherever it listens", async () => {
  await using store = openMemoryStore();
  const server = await startServer({ store, listen: "127.0.0.1:0", admin: "0.0.0.0:0" });
  onTestFinished(() => server.close());
  expect(await health(`--admin=${server.adminAddress}`)).toMatchObject(ready);
  expect(await program(["health", `--admin=${server.adminAddress}`])).toMatchObject(ready);
  expect(await health(`--admin=${server.adminAddress}`, "--live")).toMatchObject({ code: 0 });
});

it("asks any server over gRPC", async () => {
  const store = openMemoryStore();
  const server = await startServer({ store, listen: "127.0.0.1:0" });
  onTestFinished(() => server.close());
  expect(await health(`--server=${server.address}`)).toMatchObject(ready);
  expect(await health(`--server=${server.address}`, "--live")).toMatchObject({ code: 0 });
  await store.close();
  expect(await health(`--server=${server.address}`)).toMatchObject({ code: 1 });
  const [port] = await freePorts(1);
  const gone = await health(`--server=127.0.0.1:${port}`);
  expect([gone.code, gone.output]).toEqual([
    1,
    expect.stringContaining("the server cannot be reached: connect ECONNREFUSED"),
  ]);
  expect((await program(["health", `--server=127.0.0.1:${port}`])).code).toBe(1);
  const silent = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void silent.close());
  await once(silent, "listening");
  const { port: ofSilent } = silent.address() as { port: number };
  expect((await health(`--server=127.0.0.1:${ofSilent}`, "--timeout=300ms")).code).toBe(1);
});

it("exits with 0 for a server that asks for certificates, and shows none", async () => {
  const authority = createAuthority();
  onTestFinished(authority.remove);
  const { certFile, keyFile } = authority.issue("elsewhere", "DNS:spans.example.com");
  await using store = openMemoryStore();
  const tls = { certFile, keyFile, clientCaFile: authority.caFile };
  const server = await startServer({ store, listen: "127.0.0.1:0", admin: "127.0.0.1:0", tls });
  onTestFinished(() => server.close());
  const flags = [
    `--tls.cert-file=${certFile}`,
    `--tls.key-file=${keyFile}`,
    `--admin=${server.adminAddress}`,
  ];
  expect(await health(...flags)).toMatchObject(ready);
});

it("exits with 1 for a server without its store, and with 0 for its process", async () => {
  const store = openMemoryStore();
  const server = await startServer({ store, listen: "127.0.0.1:0", admin: "127.0.0.1:0" });
  onTestFinished(() => server.close());
  await store.close();
  expect(await health(`--admin=${server.adminAddress}`)).toMatchObject({ code: 1 });
  expect(await health(`--admin=${server.adminAddress}`, "--live")).toMatchObject({ code: 0 });
});

it("exits with 1 when no server listens, and when none answers", async () => {
  const [port] = await freePorts(1);
  const refused = await health(`--admin=127.0.0.1:${port}`);
  expect(refused.code).toBe(1);
  expect(refused.output).toMatch(/ does not answer.*ECONNREFUSED/);

  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => void silent.close());
  const address = silent.address() as { port: number };
  const late = await health(`--admin=127.0.0.1:${address.port}`, "--timeout=100ms");
  expect(late.code).toBe(1);
  expect(late.output).toContain(" does not answer within 100.0 ms");
});
