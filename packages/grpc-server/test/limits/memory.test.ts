import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { status } from "@grpc/grpc-js";
import { expect, it, onTestFinished } from "vitest";
import { limitMemory, peakMemory } from "../../../../scripts/test-support/memory-limit.js";
import { freePorts, startProgram, untilReady } from "../../../../scripts/test-support/processes.js";
import { memoryBound } from "../../src/limits/memory-bound.js";
import { connect, exportRequest, spanId, traceId } from "../harness.js";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const flood = fileURLToPath(new URL("./overload/flood.mjs", import.meta.url));
const mebibyte = 1024 * 1024;
/** As in the manifests of examples/kubernetes. */
const podBytes = 1024 * mebibyte;
const timeout = 300_000;

/** A server that has seen nothing yet, held to the memory of a pod where the system can. */
async function freshServer() {
  const folder = mkdtempSync(join(tmpdir(), "spanstore-memory-"));
  const [grpc, admin] = await freePorts(2);
  const address = `127.0.0.1:${grpc}`;
  const limit = limitMemory(podBytes);
  const server = startProgram([...(limit?.command ?? []), process.execPath, main] as [string, ...string[]], [
    `--listen=${address}`,
    `--admin=127.0.0.1:${admin}`,
    `--sqlite.path=${join(folder, "spans.sqlite")}`,
  ]);
  onTestFinished(async () => {
    await server.stop();
    await limit?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await untilReady(`http://127.0.0.1:${admin}/readyz`, server);
  return { server, address };
}

async function floodWith(address: string, kind: string, count: number): Promise<Record<string, number>> {
  const sending = fork(flood, [address, kind, String(count)]);
  onTestFinished(() => void sending.kill());
  const ended = once(sending, "exit").then(([code]) => {
    throw new Error(`the flood has ended with ${code}`);
  });
  const [codes] = await Promise.race([once(sending, "message"), ended]);
  return codes as Record<string, number>;
}

it.each([
  ["twenty requests of 43 MB", "valid", 20],
  ["twenty requests of 43 MB, compressed", "valid-gzip", 20],
  ["a hundred gibibytes of zeros, a megabyte each when compressed", "bomb", 100],
] as const)("a fresh server keeps to its memory: %s", { timeout }, async (_what, kind, count) => {
  const { server, address } = await freshServer();
  const codes = await floodWith(address, kind, count);
  const taken = codes[status.OK] ?? 0;
  const refused = codes[status.RESOURCE_EXHAUSTED] ?? 0;
  expect(taken + refused).toBe(count);
  if (kind === "bomb") expect(taken).toBe(0);
  else expect(taken).toBeGreaterThan(0);
  expect(server.process.exitCode).toBeNull();
  const peak = peakMemory(server.process.pid as number);
  if (peak !== undefined) expect(peak).toBeLessThanOrEqual(memoryBound(128 * mebibyte));
  const client = connect(address);
  await client.unary("Export", exportRequest({ traceId: traceId(1), spanId: spanId(1) }));
  client.close();
});
