import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocatedPeer } from "../../../scripts/peers/locate.mjs";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  until,
} from "../../../scripts/test-support/processes.js";

/** A searchd for tests: started by them, or already running at an address. */
export interface Searchd {
  readonly url: string;
  /** The address of its HTTP listener; undefined for a searchd at an address. */
  readonly httpUrl: string | undefined;
  /** `host:port` for other daemons, which is the same listener; undefined for a searchd at an address. */
  readonly agent: string | undefined;
  /** Its configuration file; undefined for a searchd at an address. */
  readonly config: string | undefined;
  /** The program, which tests may kill; undefined for a searchd at an address. */
  readonly program: () => RunningProgram | undefined;
  /** Starts it again with the same data, after it has ended. */
  readonly start: () => Promise<void>;
  /** Ends it and removes its data. */
  readonly close: () => Promise<void>;
}

export interface SearchdOptions {
  /** Lines for the searchd section of its configuration. */
  readonly settings?: readonly string[];
}

/** Starts a searchd with a new data directory, unless one runs at an address. */
export async function startSearchd(
  located: LocatedPeer,
  { settings = ["binlog_flush = 1"] }: SearchdOptions = {},
): Promise<Searchd> {
  if ("address" in located) {
    const nothing = async (): Promise<void> => {};
    return {
      url: located.address,
      httpUrl: undefined,
      agent: undefined,
      config: undefined,
      program: () => undefined,
      start: nothing,
      close: nothing,
    };
  }
  const folder = mkdtempSync(join(tmpdir(), "spanstore-searchd-"));
  const [sqlPort, httpPort] = await freePorts(2);
  await mkdir(join(folder, "data"));
  const config = join(folder, "manticore.conf");
  const lines = [
    `listen = 127.0.0.1:${sqlPort}:mysql`,
    `listen = 127.0.0.1:${httpPort}`,
    `log = ${join(folder, "searchd.log")}`,
    `pid_file = ${join(folder, "searchd.pid")}`,
    `data_dir = ${join(folder, "data")}`,
    "buddy_path =",
    ...settings,
  ];
  writeFileSync(config, `searchd {\n${lines.map((line) => `    ${line}\n`).join("")}}\n`);
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  const args = [...(located.docker ? ["searchd"] : []), "--nodetach", "-c", config];
  let program: RunningProgram | undefined;
  const start = async (): Promise<void> => {
    program = startProgram(located.command, args);
    program.process.once("exit", (_code, signal) => {
      // No test sends this signal: searchd crashed, and its log may say why.
      if (signal !== null && signal !== "SIGKILL" && signal !== "SIGTERM") console.error(logOf(folder));
    });
    await untilAnswering(httpUrl, program);
  };
  await start();
  return {
    url: `mysql://127.0.0.1:${sqlPort}`,
    httpUrl,
    agent: `127.0.0.1:${httpPort}`,
    config,
    program: () => program,
    start,
    close: async () => {
      await program?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits for an answer with any HTTP status: a searchd with accounts answers 401. */
async function untilAnswering(url: string, { process, output }: RunningProgram): Promise<void> {
  await until(
    async () => {
      if (process.exitCode !== null) throw new Error("the program has ended");
      await (await fetch(url)).body?.cancel();
      return true;
    },
    { what: url, timeoutMs: 60_000, output },
  );
}

function logOf(folder: string): string {
  return readFileSync(join(folder, "searchd.log"), "utf8").split("\n").slice(-100).join("\n");
}

/** A unique prefix, even on a searchd that outlives the tests. */
export function freshPrefix(): string {
  return `t${Date.now().toString(36)}${Math.floor(Math.random() * 36 ** 4).toString(36)}_`;
}
