import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { status } from "@grpc/grpc-js";
import { encodeFilter, span } from "@spanstore/core";
import { afterAll, expect, it, onTestFinished } from "vitest";
import { describeWithPeer } from "../../../scripts/test-support/peers.js";
import { freePorts, startProgram, until, untilReady } from "../../../scripts/test-support/processes.js";
import { freshPrefix, startSearchd } from "../../manticore/test/searchd.js";
import { connect, exportRequest, spanId, traceId } from "./harness.js";
import { serverOnManticore } from "./manticore/server.js";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "spanstore-cancelled-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** So many seconds of work would be left if a client's leaving did not end it: more than the test waits. */
const secondsOfWork = 300;

/** FindTraceIDsRequest with a regular expression that no index helps with, and that matches nothing. */
const longSearch = ((): Buffer => {
  const filter = Buffer.from(encodeFilter(span.attr("text").regex("(x|y|z)*(w|q){3,9}!")));
  const field = (number: number, content: Buffer) => {
    const length = content.length;
    const size = length < 128 ? [length] : [(length & 127) | 128, length >>> 7];
    return Buffer.concat([Buffer.of((number << 3) | 2, ...size), content]);
  };
  return field(1, field(9, filter));
})();

/** The status that a call ends with. */
const codeOf = (call: Promise<unknown>): Promise<number> =>
  call.then(
    () => status.OK,
    (error: { readonly code: number }) => error.code,
  );

/** Fills a server, sends it more work than it could do, leaves, and waits until it has nothing to do. */
async function leavesNothing(address: string, adminUrl: string): Promise<void> {
  const client = connect(address);
  onTestFinished(() => client.close());
  for (let n = 1; n <= 600; n += 20) {
    const spans = Array.from({ length: 20 }, (_, i) => ({
      traceId: traceId(n + i),
      spanId: spanId(n + i),
      start: 1_700_000_000_000_000_000n + BigInt(n + i) * 3_000_000_000n,
      attributes: { text: "xyzw".repeat(10_000) },
    }));
    await client.unary("Export", exportRequest(...spans));
  }
  const cpuSeconds = async () =>
    Number(/^process_cpu_seconds_total (\S+)$/m.exec(await (await fetch(`${adminUrl}/metrics`)).text())?.[1]);
  const before = await cpuSeconds();
  expect((await client.unary("FindTraceIDs", longSearch)).traceIds).toEqual([]);
  const each = (await cpuSeconds()) - before;
  const searches = Math.min(900, Math.ceil(secondsOfWork / each));
  // The more of them the less each may take; a search of a moment would show nothing.
  expect(each * searches).toBeGreaterThan(secondsOfWork / 3);

  const left = connect(address);
  const deadline = Date.now() + 2000;
  const ended = Array.from({ length: searches }, (_, i) =>
    codeOf(left.unary("FindTraceIDs", longSearch, i % 2 === 0 ? { deadline } : {})),
  );
  const outOfTime = await Promise.all(ended.filter((_, i) => i % 2 === 0));
  expect(outOfTime).toContain(status.DEADLINE_EXCEEDED);
  left.close();

  let last = await cpuSeconds();
  let since = performance.now();
  await until(
    async () => {
      const seconds = (performance.now() - since) / 1000;
      if (seconds < 1) return undefined;
      const now = await cpuSeconds();
      const share = (now - last) / seconds;
      last = now;
      since = performance.now();
      return share < 0.2 ? true : undefined;
    },
    { what: "a server with nothing to do", timeoutMs: 60_000 },
  );
  expect(await client.unary("jaeger.storage.v2.TraceReader/GetServices", {})).toEqual({ services: ["cart"] });
}

it("ends a search on SQLite when its client is gone or its deadline has passed", {
  timeout: 180_000,
}, async () => {
  const [grpc, admin] = await freePorts(2);
  const server = startProgram(
    [process.execPath, main],
    [
      `--sqlite.path=${join(folder, "spans.sqlite")}`,
      `--listen=127.0.0.1:${grpc}`,
      `--admin=127.0.0.1:${admin}`,
    ],
  );
  onTestFinished(async () => {
    await server.stop();
  });
  await untilReady(`http://127.0.0.1:${admin}/readyz`, server);
  await leavesNothing(`127.0.0.1:${grpc}`, `http://127.0.0.1:${admin}`);
});

describeWithPeer("manticore", "on Manticore Search", (located) => {
  it("ends a search when its client is gone or its deadline has passed", { timeout: 180_000 }, async () => {
    const searchd = await startSearchd(located);
    onTestFinished(searchd.close);
    const server = await serverOnManticore(searchd.url, [`--manticore.prefix=${freshPrefix()}`]);
    onTestFinished(server.stop);
    await server.start();
    await leavesNothing(server.address, server.adminUrl);
  });
});
