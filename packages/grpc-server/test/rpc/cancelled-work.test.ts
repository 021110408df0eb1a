import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectHttp2, constants } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { status } from "@grpc/grpc-js";
import { span } from "@spanstore/core";
import { encodeFilter } from "@spanstore/core/engine";
import { afterAll, expect, it, onTestFinished } from "vitest";
import {
  cleanUp,
  describeWithElasticsearch,
  freshPrefix as indexPrefix,
  sharedElasticsearch,
} from "../../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { freePorts, startProgram, until, untilReady } from "../../../../scripts/test-support/processes.js";
import { freshPrefix, startSearchd } from "../../../manticore/test/searchd.js";
import { connect, exportRequest, spanId, traceId } from "../harness.js";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "spanstore-cancelled-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** So many searches each come with a deadline, are cancelled, and lose their connection. */
const searches = 300;

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

/** Sends so many searches; what is given back leaves them. */
async function sendSearches(address: string): Promise<Record<"cancel" | "disconnect", () => Promise<void>>> {
  const session = connectHttp2(`http://${address}`);
  await once(session, "connect");
  const headers = {
    ":method": "POST",
    ":path": "/jaeger.storage.v2.TraceReader/FindTraceIDs",
    "content-type": "application/grpc",
    te: "trailers",
  };
  const frame = Buffer.alloc(5 + longSearch.length);
  frame.writeUInt32BE(longSearch.length, 1);
  longSearch.copy(frame, 5);
  const calls = Array.from({ length: searches }, () => {
    const call = session.request(headers);
    call.on("error", () => undefined);
    call.resume();
    call.end(frame);
    return call;
  });
  return {
    cancel: async () => {
      for (const call of calls) call.close(constants.NGHTTP2_CANCEL);
      await Promise.all(calls.map((call) => call.closed || once(call, "close")));
      session.close();
    },
    disconnect: async () => {
      session.destroy();
      await once(session, "close");
    },
  };
}

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
  expect((await client.unary("FindTraceIDs", longSearch)).traceIds).toEqual([]);
  const before = await cpuSeconds();
  expect((await client.unary("FindTraceIDs", longSearch)).traceIds).toEqual([]);
  const sent = await cpuSeconds();
  const each = sent - before;

  const [cancelled, disconnected] = [await sendSearches(address), await sendSearches(address)];
  const deadline = Date.now() + 2000;
  const late = Array.from({ length: searches }, () =>
    client.unary("FindTraceIDs", longSearch, { deadline }).then(
      () => status.OK,
      (error: { readonly code: number }) => error.code,
    ),
  );
  expect(await Promise.all(late)).toContain(status.DEADLINE_EXCEEDED);
  await cancelled.cancel();
  await disconnected.disconnect();

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
    { what: "a server with nothing to do", timeoutMs: 150_000 },
  );
  // Whatever this machine needs for a search, all of them would have taken three times that.
  expect(last - sent).toBeLessThan(each * searches);
  expect(await client.unary("jaeger.storage.v2.TraceReader/GetServices", {})).toEqual({ services: ["cart"] });
}

/** The server with these flags leaves no work without a caller. */
async function serverLeavesNothing(flags: readonly string[]): Promise<void> {
  const [grpc, admin] = await freePorts(2);
  const server = startProgram(
    [process.execPath, main],
    [...flags, `--listen=127.0.0.1:${grpc}`, `--admin=127.0.0.1:${admin}`],
  );
  onTestFinished(async () => {
    await server.stop();
  });
  await untilReady(`http://127.0.0.1:${admin}/readyz`, server);
  await leavesNothing(`127.0.0.1:${grpc}`, `http://127.0.0.1:${admin}`);
}

it(
  "ends a search on SQLite when its client is gone or its deadline has passed",
  {
    timeout: 180_000,
  },
  () => serverLeavesNothing([`--sqlite.path=${join(folder, "spans.sqlite")}`]),
);

describeWithPeer("manticore", "on Manticore Search", (located) => {
  it("ends a search when its client is gone or its deadline has passed", { timeout: 180_000 }, async () => {
    const searchd = await startSearchd(located);
    onTestFinished(searchd.close);
    await serverLeavesNothing([
      "--backend=manticore",
      `--manticore.url=${searchd.url}`,
      `--manticore.prefix=${freshPrefix()}`,
    ]);
  });
});

describeWithElasticsearch("on Elasticsearch", (way) => {
  it("ends a search when its client is gone or its deadline has passed", { timeout: 180_000 }, async () => {
    const elasticsearch = await sharedElasticsearch(way);
    const prefix = indexPrefix();
    onTestFinished(() => cleanUp(way, elasticsearch, [prefix]));
    await serverLeavesNothing([
      "--backend=elasticsearch",
      `--elasticsearch.url=${elasticsearch.url}`,
      `--elasticsearch.prefix=${prefix}`,
      // Searches have work to do only once the spans are to be found.
      "--elasticsearch.refresh=wait",
    ]);
  });
});
