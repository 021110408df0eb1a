import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** A program that a test has started, and what it has written so far. */
export interface RunningProgram {
  readonly process: ChildProcess;
  output(): string;
  /** Sends SIGTERM and waits for the end; the exit code, or null when a signal ended it. */
  stop(): Promise<number | null>;
}

const stopMs = 15_000;

/** This process's environment without the variables that are the tests' own, which a server would take for misspelt. */
export function programEnvironment(): NodeJS.ProcessEnv {
  const isForTests = (name: string): boolean =>
    name.startsWith("SPANSTORE_") && name !== "SPANSTORE_HTTP_LISTEN";
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isForTests(name)));
}

/** Starts a program; `env` is added to this process's own. */
export function startProgram(
  command: readonly [string, ...string[]],
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningProgram {
  const [program, ...before] = command;
  const child = spawn(program, [...before, ...args], {
    env: { ...programEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.on("error", (error) => {
    output += `${program}: ${error.message}\n`;
  });
  return {
    process: child,
    output: () => output,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
        return child.exitCode;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const killer = setTimeout(() => child.kill("SIGKILL"), stopMs);
      await ended;
      clearTimeout(killer);
      return child.exitCode;
    },
  };
}

/** Ports of the loopback interface that nothing listened on a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("a server without a port");
    return address.port;
  });
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

/**
 * Asks again and again until the answer is there.
 * @param ask undefined or an error: not yet.
 * @param about what is waited for, and what to show when it does not come.
 */
export async function until<T>(
  ask: () => Promise<T | undefined>,
  about: { readonly what: string; readonly timeoutMs?: number; readonly output?: () => string },
): Promise<T> {
  const deadline = Date.now() + (about.timeoutMs ?? 30_000);
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const output = about.output === undefined ? "" : `\n${about.output()}`;
  throw new Error(`waited in vain for ${about.what}${output}`, { cause: last });
}

/** Waits until a GET of the URL answers 200. */
export function untilReady(url: string, program: RunningProgram): Promise<true> {
  return until(
    async () => {
      if (program.process.exitCode !== null) throw new Error("the program has ended");
      const answer = await fetch(url);
      await answer.body?.cancel();
      return answer.status === 200 ? true : undefined;
    },
    { what: url, timeoutMs: 60_000, output: program.output },
  );
}
