import { mkdtempSync, rmSync } from "node:fs";
import { get as httpGet } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectSpanStore } from "@spanstore/client";
import { connectionsWithin, openFileLimit } from "@spanstore/rpc";
import { expect, it, onTestFinished } from "vitest";
import { holdConnections } from "../../../../scripts/test-support/held-connections.js";
import { peakMemory } from "../../../../scripts/test-support/memory-limit.js";
import { freePorts, startProgram, until, untilReady } from "../../../../scripts/test-support/processes.js";
import { memoryBound } from "../../src/limits/memory-bound.js";
import { exportRequest, spanId, traceId } from "../harness.js";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const mebibyte = 1024 * 1024;
const waitingBytes = 32 * mebibyte;
/** What is asked for; fewer where this system lets a process open fewer. */
const wanted = 10_000;
/** A sixteenth of the open files is for one port of HTTP. */
const kept = connectionsWithin(openFileLimit(), wanted, 1 / 16);
const slow = 200;

it("answers while thousands of connections are idle, and others read and send slowly", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spanstore-held-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [grpc = 0, http = 0, admin = 0] = await freePorts(3);
  const server = startProgram(
    [process.execPath, main],
    [
      `--listen=127.0.0.1:${grpc}`,
      `--http.listen=127.0.0.1:${http}`,
      `--admin=127.0.0.1:${admin}`,
      `--sqlite.path=${join(folder, "spans.sqlite")}`,
      `--limits.waiting-bytes=${waitingBytes}`,
      `--limits.connections=${wanted}`,
    ],
  );
  onTestFinished(async () => {
    await server.stop();
  });
  await untilReady(`http://127.0.0.1:${admin}/readyz`, server);
  {
    await using store = connectSpanStore(`127.0.0.1:${grpc}`);
    for (let n = 1; n <= 20; n++) {
      const attributes = { blob: "x".repeat(500_000) };
      await store.write(
        exportRequest({ traceId: traceId(1), spanId: spanId(n), service: "shop", attributes }),
      );
    }
  }

  const readers = `GET /api/traces/${traceId(1)} HTTP/1.1\r\nHost: a\r\n\r\n`;
  const senders =
    "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
  using slowReaders = holdConnections(http, slow, readers);
  using slowSenders = holdConnections(http, slow, senders);
  await Promise.all([slowReaders.allOpened(), slowSenders.allOpened()]);
  using idle = holdConnections(http, wanted);
  await idle.allOpened();

  // Those that have had nothing to do for longest make place.
  const left = await until(
    async () => {
      const { opened, closed } = idle.counts();
      return opened - closed <= kept ? opened - closed : undefined;
    },
    { what: "connections that make place", timeoutMs: 60_000 },
  );
  expect(left).toBeGreaterThan(0);
  expect((await fetch(`http://127.0.0.1:${admin}/healthz`)).status).toBe(200);
  expect(await (await fetch(`http://127.0.0.1:${http}/api/services`)).json()).toMatchObject({
    data: ["shop"],
  });
  const sent = await fetch(`http://127.0.0.1:${http}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body: new Uint8Array(exportRequest({ traceId: traceId(2), spanId: spanId(1), service: "late" })),
  });
  expect(sent.status).toBe(200);
  const found = await new Promise((resolve, reject) => {
    httpGet({ port: http, path: `/api/traces/${traceId(2)}`, agent: false }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode));
    }).on("error", reject);
  });
  expect(found).toBe(200);
  expect(peakMemory(server.process.pid as number) ?? 0).toBeLessThanOrEqual(memoryBound(waitingBytes));
  expect(server.process.exitCode).toBeNull();
}, 300_000);
