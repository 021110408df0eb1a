import { fileURLToPath } from "node:url";
import { status } from "@grpc/grpc-js";
import { afterEach, expect, it } from "vitest";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  until,
} from "../../../../scripts/test-support/processes.js";
import { connect, errorOf, exportRequest, spanId, type TestClient, traceId } from "../harness.js";
import { jaegerSpan } from "../jaeger/jaeger1/spans.js";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
let program: RunningProgram | undefined;
let clients: TestClient[] = [];
afterEach(async () => {
  for (const client of clients) client.close();
  clients = [];
  await program?.stop();
});

it.each<[backend: string, scheme: string]>([
  ["manticore", "mysql"],
  ["elasticsearch", "http"],
])(
  "starts while %s is down, says so, and answers UNAVAILABLE for store, archive and tenants",
  async (backend, scheme) => {
    const [nobody, grpc, archive, admin] = await freePorts(4);
    const running = startProgram(
      [process.execPath, main],
      [
        `--backend=${backend}`,
        `--${backend}.url=${scheme}://someone:hidden-password@127.0.0.1:${nobody}`,
        `--listen=127.0.0.1:${grpc}`,
        `--archive.listen=127.0.0.1:${archive}`,
        `--admin=127.0.0.1:${admin}`,
        "--tenancy.enabled",
        "--tenancy.required=false",
        "--retention=7d",
        "--retention-interval=50ms",
      ],
    );
    program = running;
    const ask = (path: string) =>
      until(
        async () => (await fetch(`http://127.0.0.1:${admin}${path}`).catch(() => undefined)) ?? undefined,
        {
          what: path,
          output: running.output,
        },
      );
    // A backend may be tried for longer than the first answer takes.
    await until(
      async () => {
        const ready = await ask("/readyz");
        return ready.status === 503 && (await ready.text()).includes(`127.0.0.1:${nobody}`)
          ? true
          : undefined;
      },
      { what: "the reason", output: running.output },
    );
    expect((await ask("/healthz")).status).toBe(200);

    const as = (port: number | undefined, headers: Readonly<Record<string, string>> = {}): TestClient => {
      const client = connect(`127.0.0.1:${port}`, {}, headers);
      clients.push(client);
      return client;
    };
    const span = { traceId: traceId(1), spanId: spanId(1) };
    const failing = [
      as(grpc),
      as(archive),
      as(grpc, { "x-tenant": "acme" }),
      as(grpc, { "spanstore-store": "archive" }),
    ].flatMap((client): Promise<unknown>[] => [
      client.unary("Export", exportRequest(span)),
      client.unary("WriteSpan", { span: jaegerSpan(span) }),
      client.collect("jaeger.storage.v2.TraceReader/FindTraces", { query: {} }),
      client.unary("jaeger.storage.v1.SpanReaderPlugin/GetServices", {}),
    ]);
    // Together, since each is tried for seconds.
    for (const { code } of await Promise.all(failing.map(errorOf))) expect(code).toBe(status.UNAVAILABLE);
    await until(
      async () => {
        const text = await (await ask("/metrics")).text();
        return /^spanstore_ready 0$/m.test(text) &&
          /spanstore_retention_runs_total\{result="failed"\}/.test(text)
          ? true
          : undefined;
      },
      { what: "metrics that tell" },
    );
    expect(running.process.exitCode).toBeNull();
    expect(running.output()).not.toContain("hidden-password");
  },
  120_000,
);
