import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { status } from "@grpc/grpc-js";
import { afterAll, expect, it } from "vitest";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  until,
  untilReady,
} from "../../../../scripts/test-support/processes.js";
import { connect, errorOf, exportRequest, spanId, traceId } from "../harness.js";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "spanstore-secrets-"));
const running: RunningProgram[] = [];
afterAll(async () => {
  for (const program of running) await program.stop();
  rmSync(folder, { recursive: true });
});

const secret = "s3cr3t-".repeat(5);
const inFile = "f1l3-".repeat(5);
const environment = {
  SPANSTORE_AUTH_TOKENS: `all:${secret}`,
  SPANSTORE_MANTICORE_URL: `mysql://user:${secret}@127.0.0.1:9306,mysqls://other:${secret}@h:1`,
  SPANSTORE_ELASTICSEARCH_URL: `https://user:${secret}@127.0.0.1:9200`,
  SPANSTORE_ELASTICSEARCH_API_KEY: secret,
};

/** Backends that do not run, with a user and a password. */
const nowhere = [
  ["--backend=manticore", `--manticore.url=mysql://user:${secret}@127.0.0.1:1`],
  ["--backend=elasticsearch", `--elasticsearch.url=http://user:${secret}@127.0.0.1:1`],
];

it("shows no secret in logs, metrics, answers, files or the printed configuration", {
  timeout: 240_000,
}, async () => {
  const shown: string[] = [];
  const show = (text: string): void => void shown.push(text);
  const runs: readonly (readonly string[])[] = [
    ["--print-config"],
    ["--print-config", `--auth.tokens=all:${secret}`, "--backend=elasticsearch"],
    ["--help"],
    // What is wrong with a value is said without it.
    [`--auth.tokens=${secret}`],
    [`--manticore.url=http://user:${secret}@h:1`],
    [`--elasticsearch.url=mysql://user:${secret}@h`],
    ["--retention=forever"],
    // What cannot be reached is named without it.
    ...nowhere.flatMap((flags) => [
      ["doctor", ...flags],
      ["services", ...flags],
    ]),
  ];
  const outputs = runs.map(async (args) => {
    const program = startProgram([process.execPath, main], args, environment);
    running.push(program);
    await new Promise((resolve) => program.process.once("close", resolve));
    return program.output();
  });
  for (const output of await Promise.all(outputs)) show(output);
  expect(shown[0]).toContain(`tokens: $\{SPANSTORE_AUTH_TOKENS} # ***`);
  expect(shown[0]).toContain("user:***@");

  const tokensFile = join(folder, "tokens");
  writeFileSync(tokensFile, `read ${inFile} name=reader\n`);
  const [grpc, admin] = await freePorts(2);
  const server = startProgram(
    [process.execPath, main],
    [
      `--sqlite.path=${join(folder, "spans.sqlite")}`,
      `--listen=127.0.0.1:${grpc}`,
      `--admin=127.0.0.1:${admin}`,
      `--auth.tokens-file=${tokensFile}`,
      `--dead-letters.file=${join(folder, "letters")}`,
      "--reload.interval=20ms",
      "--log.level=debug",
      "--allow-purge",
    ],
    environment,
  );
  running.push(server);
  await untilReady(`http://127.0.0.1:${admin}/readyz`, server);
  const request = exportRequest(
    { traceId: traceId(1), spanId: spanId(1) },
    { traceId: "ab", spanId: spanId(2) },
  );
  for (const token of [secret, `${secret}x`, inFile, ""]) {
    const client = connect(`127.0.0.1:${grpc}`, {}, { authorization: `Bearer ${token}` });
    const calls: readonly Promise<unknown>[] = [
      client.unary("Export", request),
      client.unary("jaeger.storage.v2.TraceReader/GetServices", {}),
      client.collect("GetTraces", { query: [{ traceId: Buffer.from("00", "hex") }] }),
    ];
    await Promise.all(
      calls.map((call) =>
        call.then(
          (answer) => show(JSON.stringify(answer)),
          (error) => show(`${error.details} ${JSON.stringify(error.metadata.toJSON())}`),
        ),
      ),
    );
    client.close();
    for (const path of ["/metrics", "/nothing", "/purge"]) {
      const answer = await fetch(`http://127.0.0.1:${admin}${path}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      show(`${JSON.stringify([...answer.headers])} ${await answer.text()}`);
    }
  }
  expect(shown.some((text) => text.includes("spanstore_spans_written_total 1"))).toBe(true);
  writeFileSync(tokensFile, `reader ${inFile}\nread ${secret} ${inFile}\n`);
  await until(async () => (server.output().includes("cannot be used") ? true : undefined), {
    what: "the reload",
  });
  expect((await errorOf(connect(`127.0.0.1:${grpc}`).unary("GetDependencies", {}))).code).toBeDefined();
  await server.stop();
  show(server.output());
  expect(server.output()).toContain("a call was refused");
  await Promise.all(nowhere.map((flags) => showAway(flags, show)));
  for (const file of readdirSync(folder))
    if (file !== "tokens") show(readFileSync(join(folder, file), "latin1"));
  for (const text of shown) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(inFile);
  }
});

/** Everything that a server says whose backend cannot be reached. */
async function showAway(flags: readonly string[], show: (text: string) => void): Promise<void> {
  const [grpc, admin] = await freePorts(2);
  const server = startProgram(
    [process.execPath, main],
    [...flags, `--listen=127.0.0.1:${grpc}`, `--admin=127.0.0.1:${admin}`, "--log.level=debug"],
    environment,
  );
  running.push(server);
  await untilReady(`http://127.0.0.1:${admin}/healthz`, server);
  const client = connect(`127.0.0.1:${grpc}`, {}, { authorization: `Bearer ${secret}` });
  const { code, details, metadata } = await errorOf(
    client.unary("jaeger.storage.v2.TraceReader/GetServices", {}),
  );
  expect(code).toBe(status.UNAVAILABLE);
  show(`${details} ${JSON.stringify(metadata.toJSON())}`);
  client.close();
  const ready = await fetch(`http://127.0.0.1:${admin}/readyz`);
  expect(ready.status).toBe(503);
  show(await ready.text());
  await server.stop();
  show(server.output());
}
