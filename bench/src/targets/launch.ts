import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect, methods } from "../driver/client.js";
import type { RunningServer } from "./target.js";

const readyLimitMilliseconds = 120_000;
const stopLimitMilliseconds = 60_000;

/** A TCP port that is free at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === "string") reject(new Error("no free port"));
        else resolve(address.port);
      });
    });
  });
}

function lastLines(logFile: string): string {
  return readFileSync(logFile, "utf8").trim().split("\n").slice(-12).join(" ").slice(-600);
}

/** Starts a server process, its output in `logFile`, and waits until it answers on `address`. */
export async function launch(
  command: string,
  args: readonly string[],
  server: {
    readonly address: string;
    readonly logFile: string;
    readonly dataDirectory?: string;
    /** Processes that run already and work for it: they are measured with it. */
    readonly also?: readonly number[];
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<RunningServer> {
  const started = performance.now();
  const log = openSync(server.logFile, "a");
  const child = spawn(command, args, {
    stdio: ["ignore", log, log],
    // Jaeger's commands would otherwise trace themselves.
    env: { ...process.env, OTEL_TRACES_SAMPLER: "always_off", ...server.env },
  });
  closeSync(log);
  let ended: string | undefined;
  const exit = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      ended = error.message;
      resolve();
    });
    child.once("exit", (code, signal) => {
      ended = `ended with ${signal ?? `code ${code}`}`;
      resolve();
    });
  });
  const killOnExit = (): void => {
    child.kill("SIGKILL");
  };
  process.once("exit", killOnExit);

  const client = connect(server.address);
  for (;;) {
    if (ended !== undefined) {
      throw new Error(`${basename(command)} ${ended}; it said: ${lastLines(server.logFile)}`);
    }
    try {
      await client.unary(methods.getServices, Buffer.alloc(0));
      break;
    } catch {
      if (performance.now() - started > readyLimitMilliseconds) {
        child.kill("SIGKILL");
        throw new Error(`${basename(command)} does not answer on ${server.address}`);
      }
      await delay(50);
    }
  }
  client.close();
  return {
    address: server.address,
    ...(child.pid === undefined ? {} : { processes: [child.pid, ...(server.also ?? [])] }),
    ...(server.dataDirectory === undefined ? {} : { dataDirectory: server.dataDirectory }),
    readySeconds: (performance.now() - started) / 1000,
    async stop() {
      const from = performance.now();
      child.kill("SIGTERM");
      const hard = setTimeout(() => child.kill("SIGKILL"), stopLimitMilliseconds);
      await exit;
      clearTimeout(hard);
      process.removeListener("exit", killOnExit);
      return (performance.now() - from) / 1000;
    },
  };
}
