import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { status } from "@grpc/grpc-js";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  untilReady,
} from "../../../../scripts/test-support/processes.js";
import { connect, errorOf, exportRequest, spanId, type TestClient, traceId } from "../harness.js";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "spanstore-sqlite-faults-"));
const running: RunningProgram[] = [];
const clients: TestClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const program of running.splice(0)) await program.stop();
});
afterAll(() => {
  if (isMounted) execFileSync("umount", [disk]);
  rmSync(folder, { recursive: true, force: true });
});

const disk = join(folder, "disk");
mkdirSync(disk);
/** A disk of the test's own is for root alone. */
const isMounted = mount();
function mount(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** @param before a program, and its arguments, that becomes the server. */
async function serve(path: string, before: readonly string[] = []) {
  const [grpc, admin] = await freePorts(2);
  const [program = process.execPath, ...args] = [...before, process.execPath, main];
  const server = startProgram(
    [program, ...args],
    [`--sqlite.path=${path}`, `--listen=127.0.0.1:${grpc}`, `--admin=127.0.0.1:${admin}`],
  );
  running.push(server);
  await untilReady(`http://127.0.0.1:${admin}/readyz`, server);
  const client = connect(`127.0.0.1:${grpc}`);
  clients.push(client);
  const ready = async () => {
    const answer = await fetch(`http://127.0.0.1:${admin}/readyz`);
    return [answer.status, await answer.text()];
  };
  return { server, client, ready };
}

const write = (client: TestClient, n: number) => {
  // No compression takes anything of this.
  const text = Array.from({ length: 4000 }, (_, i) =>
    ((i * 2_654_435_761 * n) % 1_000_003).toString(36),
  ).join("");
  return client.unary(
    "Export",
    exportRequest({ traceId: traceId(n), spanId: spanId(n), attributes: { text } }),
  );
};
const found = async (client: TestClient): Promise<number> =>
  (await client.unary("FindTraceIDs", { query: { searchDepth: 10_000 } })).traceIds.length;

/** Writes until that fails, and then again once there is room; what was acknowledged outlives a kill. */
async function fillAndGoOn(path: string, before: readonly string[], makeRoom: (pid: number) => void) {
  const { server, client, ready } = await serve(path, before);
  let n = 0;
  const failure = await errorOf(
    (async () => {
      for (;;) await write(client, ++n);
    })(),
  );
  expect(failure.code).toBe(status.UNAVAILABLE);
  expect(n).toBeGreaterThan(5);
  expect((await errorOf(write(client, n))).code).toBe(status.UNAVAILABLE);
  expect((await ready())[0]).toBe(503);
  expect(await found(client)).toBe(n - 1);
  // A line a failed call, with what to do and without the program's own places.
  expect(server.output()).toMatch(/"a call failed"/);
  expect(server.output()).not.toContain("stack");
  makeRoom(Number(server.process.pid));
  expect((await ready())[0]).toBe(200);
  await write(client, n);
  await write(client, n + 1);
  const ended = once(server.process, "exit");
  server.process.kill("SIGKILL");
  await ended;
  const { client: after } = await serve(path);
  expect(await found(after)).toBe(n + 1);
}

describe("the server on SQLite", { timeout: 120_000 }, () => {
  it.skipIf(process.platform !== "linux")(
    "refuses what a file may not grow by, and goes on when it may",
    async () => {
      // The disk is full for writes behind a file's first 2 MiB.
      const limited = ["bash", "-c", 'trap "" XFSZ; ulimit -S -f 2048; exec "$0" "$@"'];
      await fillAndGoOn(join(folder, "limited.sqlite"), limited, (pid) =>
        execFileSync("prlimit", [`--pid=${pid}`, "--fsize=unlimited"]),
      );
    },
  );

  it.skipIf(!isMounted)(
    "refuses what a full disk does not take, and goes on when there is room",
    async () => {
      await fillAndGoOn(join(disk, "full.sqlite"), [], () =>
        execFileSync("mount", ["-o", "remount,size=64m", disk]),
      );
    },
  );

  it.skipIf(!isMounted)(
    "does not start on a disk that is read-only, says so, and starts when it is not",
    async () => {
      const path = join(disk, "readonly.sqlite");
      const { server, client } = await serve(path);
      await write(client, 1);
      await server.stop();
      execFileSync("mount", ["-o", "remount,ro", disk]);
      const refused = startProgram(
        [process.execPath, main],
        [`--sqlite.path=${path}`, "--listen=127.0.0.1:0", "--admin=127.0.0.1:0"],
      );
      const [code] = await once(refused.process, "close");
      expect(code).toBe(1);
      expect(refused.output()).toContain("may this user write to it?");
      execFileSync("mount", ["-o", "remount,rw", disk]);
      expect(await found((await serve(path)).client)).toBe(1);
    },
  );
});
