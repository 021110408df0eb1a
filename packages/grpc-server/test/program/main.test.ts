import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { programEnvironment } from "../../../../scripts/test-support/processes.js";
import { connect, exportRequest, methodNamed, spanId, traceId } from "../harness.js";
import { jaegerSpan } from "../jaeger/jaeger1/spans.js";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "spanstore-main-"));
const children = new Set<ChildProcess>();

beforeAll(() => {
  if (!existsSync(main)) throw new Error("these tests run the built command: build the packages first");
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Line {
  readonly msg?: string;
  readonly level?: string;
  readonly grpc?: string;
  readonly archive?: string;
  readonly admin?: string;
}

function launch(args: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...programEnvironment(), ...environment },
    cwd: folder,
  });
  children.add(child);
  let output = "";
  child.stdout.on("data", (data) => {
    output += data;
  });
  const errors: string[] = [];
  const waiting = new Map<string, (line: Line) => void>();
  createInterface(child.stderr).on("line", (line) => {
    errors.push(line);
    if (!line.startsWith("{")) return;
    const entry = JSON.parse(line) as Line;
    waiting.get(String(entry.msg).split(":")[0] ?? "")?.(entry);
  });
  return {
    child,
    errors,
    /** The first log line from now on whose message begins so. */
    logged: (message: string) => new Promise<Line>((resolve) => waiting.set(message, resolve)),
    ended: once(child, "close").then(([code]) => ({ code, output, errors })),
  };
}

/** Runs the server on free ports until it serves. */
async function start(...args: string[]) {
  const launched = launch(["--listen=127.0.0.1:0", "--admin=127.0.0.1:0", ...args]);
  const {
    grpc = "",
    archive = "",
    admin = "",
  } = await Promise.race([
    launched.logged("serving"),
    launched.ended.then(({ errors }) => Promise.reject(new Error(errors.join("\n")))),
  ]);
  return { ...launched, grpc, archive, admin };
}

/** Writes a trace of several megabytes, and opens a GetTraces call of it that stops at the window's end. */
async function blockedRead(address: string) {
  const id = traceId(5);
  const client = connect(address);
  for (let i = 0; i < 4; i++) {
    const spans = Array.from({ length: 50 }, (_, j) => ({
      traceId: id,
      spanId: spanId(i * 50 + j + 1),
      attributes: { text: String(i * 50 + j).repeat(10_000) },
    }));
    await client.unary("Export", exportRequest(...spans));
  }
  client.close();
  const method = methodNamed("GetTraces");
  const message = method.requestSerialize({ query: [{ traceId: Buffer.from(id, "hex") }] });
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  const session = connectHttp2(`http://${address}`);
  session.on("error", () => {});
  const stream = session.request({
    ":method": "POST",
    ":path": method.path,
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.on("error", () => {});
  stream.end(Buffer.concat([frame, message]));
  await once(stream, "response");
  return stream;
}

/** Reads the rest of a response: its size, and the status that it ends with. */
async function readOn(stream: ClientHttp2Stream) {
  let bytes = 0;
  stream.on("data", (data: Buffer) => {
    bytes += data.length;
  });
  const [trailers] = await once(stream, "trailers");
  return { bytes, status: trailers["grpc-status"] as string };
}

describe("the command", () => {
  it("reads its files again at SIGHUP, and goes on serving", async () => {
    const tokens = join(folder, "tokens-of-sighup");
    const [before, after] = ["read-0123456789abcdef", "read-fedcba9876543210"];
    writeFileSync(tokens, `read ${before}\n`);
    const server = await start("--backend=memory", `--auth.tokens-file=${tokens}`, "--reload.interval=1h");
    const ask = async (token: string): Promise<unknown> => {
      const client = connect(server.grpc, {}, { authorization: `Bearer ${token}` });
      try {
        return await client.unary("jaeger.storage.v2.TraceReader/GetServices", {});
      } finally {
        client.close();
      }
    };
    expect(await ask(before)).toEqual({ services: [] });
    writeFileSync(tokens, `read ${after}\n`);
    const used = server.logged("a file changed and is in use");
    server.child.kill("SIGHUP");
    await used;
    expect(await ask(after)).toEqual({ services: [] });
    await expect(ask(before)).rejects.toThrow(/not known/);
    const refused = server.logged("a changed file cannot be used; the one before stays in use");
    writeFileSync(tokens, "");
    server.child.kill("SIGHUP");
    await refused;
    expect(await ask(after)).toEqual({ services: [] });
    server.child.kill("SIGTERM");
    expect((await server.ended).code).toBe(0);
  });

  it("waits for calls in flight at SIGTERM, and exits with 0", async () => {
    const server = await start("--backend=memory");
    const stream = await blockedRead(server.grpc);
    const stopping = server.logged("stopping");
    server.child.kill("SIGTERM");
    await stopping;
    const { bytes, status } = await readOn(stream);
    expect(status).toBe("0");
    expect(bytes).toBeGreaterThan(4_000_000);
    expect((await server.ended).code).toBe(0);
  });

  it("warns at its start when every caller may use it", async () => {
    const server = await start("--backend=memory", "--listen=0.0.0.0:0");
    expect(server.errors.join("\n")).toContain(
      "other machines reach --listen=0.0.0.0:0, and everyone who does may read and write all spans",
    );
    const other = await start("--backend=memory");
    expect(other.errors.join("\n")).not.toContain("other machines");
  });

  it("ends calls that outlast the grace time", async () => {
    const server = await start("--backend=memory", "--shutdown.grace=50ms");
    await blockedRead(server.grpc);
    server.child.kill("SIGINT");
    const { code, errors } = await server.ended;
    expect(code).toBe(0);
    expect(errors.join("\n")).toContain("calls were still in flight");
  });

  it("exits at once at the second signal", async () => {
    const server = await start("--backend=memory");
    await blockedRead(server.grpc);
    const stopping = server.logged("stopping");
    server.child.kill("SIGTERM");
    await stopping;
    server.child.kill("SIGTERM");
    expect((await server.ended).code).toBe(128 + 15);
  });

  it("keeps what it acknowledged in SQLite from one run to the next", async () => {
    const path = join(folder, "kept.sqlite");
    const first = await start(`--sqlite.path=${path}`);
    const writer = connect(first.grpc);
    await writer.unary("Export", exportRequest({ traceId: traceId(1), spanId: spanId(1), service: "kept" }));
    writer.close();
    first.child.kill("SIGTERM");
    expect((await first.ended).code).toBe(0);

    const second = await start(`--sqlite.path=${path}`);
    const reader = connect(second.grpc);
    expect(await reader.unary("GetServices", {})).toEqual({ services: ["kept"] });
    reader.close();
    expect((await fetch(`http://${second.admin}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`http://${second.admin}/metrics`)).text();
    expect(metrics).toContain("process_resident_memory_bytes");
    second.child.kill("SIGTERM");
    expect((await second.ended).code).toBe(0);
  });

  it("keeps archived spans in a file beside the first, made when it is used", async () => {
    const path = join(folder, "archiving.sqlite");
    const get = { traceId: Buffer.from(traceId(1), "hex") };
    const first = await start(`--sqlite.path=${path}`, "--archive.listen=127.0.0.1:0");
    const writer = connect(first.grpc);
    await writer.unary("Export", exportRequest({ traceId: traceId(2), spanId: spanId(2) }));
    expect(existsSync(`${path}.archive`)).toBe(false);
    const span = jaegerSpan({ traceId: traceId(1), spanId: spanId(1) });
    await writer.unary("WriteArchiveSpan", { span });
    expect(existsSync(`${path}.archive`)).toBe(true);
    writer.close();
    first.child.kill("SIGTERM");
    expect((await first.ended).code).toBe(0);

    const second = await start(`--sqlite.path=${path}`, "--archive.listen=127.0.0.1:0");
    const reader = connect(second.grpc);
    expect(await reader.collect("GetArchiveTrace", get)).toHaveLength(1);
    reader.close();
    const listener = connect(second.archive);
    expect(await listener.unary("GetServices", {})).toEqual({ services: ["cart"] });
    expect((await listener.unary("FindTraceIDs", { query: {} })).traceIds).toHaveLength(1);
    listener.close();
    second.child.kill("SIGTERM");
    expect((await second.ended).code).toBe(0);
  });

  it("explains in one line why it cannot serve, and exits with 1", async () => {
    const taken = createServer();
    taken.listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" ? address?.port : undefined;
    for (const [flag, other] of [
      ["listen", "admin"],
      ["admin", "listen"],
    ]) {
      const { code, errors } = await launch([
        "--backend=memory",
        `--${flag}=127.0.0.1:${port}`,
        `--${other}=127.0.0.1:0`,
      ]).ended;
      expect([code, errors]).toEqual([
        1,
        [`grpc-server: cannot listen on 127.0.0.1:${port}: the port is in use`],
      ]);
    }
    taken.close();

    const noDatabase = join(folder, "text.sqlite");
    writeFileSync(
      noDatabase,
      "This is no database, but a text that is long enough to be looked at. ".repeat(50),
    );
    const noFolder = join(folder, "not", "there.sqlite");
    for (const path of [noDatabase, noFolder]) {
      const { code, errors } = await launch([
        "--listen=127.0.0.1:0",
        "--admin=127.0.0.1:0",
        `--sqlite.path=${path}`,
      ]).ended;
      expect([code, errors]).toEqual([
        1,
        [expect.stringContaining(`cannot open the sqlite store at ${path}: `)],
      ]);
    }
  });

  it("explains wrong usage, and exits with 2", async () => {
    const { code, errors } = await launch(["--lisen=:1"], { SPANSTORE_BACKEND: "redis" }).ended;
    expect([code, errors]).toEqual([
      2,
      [
        "grpc-server: unknown flag --lisen; did you mean --listen?",
        'grpc-server: SPANSTORE_BACKEND: must be sqlite, manticore, elasticsearch or memory, not "redis"',
        "grpc-server: see grpc-server --help",
      ],
    ]);
  });

  it("prints help, version and configuration on standard output", async () => {
    const help = await launch(["--help"]).ended;
    expect([help.code, help.output, help.errors]).toEqual([
      0,
      expect.stringContaining("Usage: grpc-server"),
      [],
    ]);
    expect((await launch(["--version"]).ended).output).toMatch(/^grpc-server \d+\.\d+\.\d+\n$/);
    const config = await launch(["--print-config"], { SPANSTORE_LISTEN: ":9" }).ended;
    expect(config.output).toContain("\nlisten: :9\n");
    expect(config.code).toBe(0);
  });
});
