import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { connectSpanStore } from "@spanstore/client";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  until,
  untilReady,
} from "../../scripts/test-support/processes.js";
import type { Workload } from "./workload.js";

/** The program on this machine in place of an image: the beginning of a command line, in place of the image's program. */
export type Programs = Readonly<Record<string, readonly [string, ...string[]]>>;

export interface RunningWorkloads extends AsyncDisposable {
  /** The port of the loopback interface that stands for a container's. */
  portOf(host: string, port: number): number;
  program(host: string): RunningProgram;
  /** Ends a program, as long as it is to be away; its data stays. */
  stop(host: string): Promise<void>;
  /** Starts it again, and waits until it is ready. */
  start(host: string): Promise<void>;
  output(): string;
}

/**
 * Starts containers' programs as processes of this machine, one after the other as each becomes ready, with their own
 * arguments, variables and files. Only where they are is changed: addresses become ports of the loopback interface,
 * and paths lie below a temporary folder.
 * @param workloads what others need first.
 * @param elsewhere addresses of what runs already, by `HOST:PORT`.
 * @throws when one reads an address that no workload has.
 */
export async function startWorkloads(
  workloads: readonly Workload[],
  programs: Programs,
  elsewhere: Readonly<Record<string, string>> = {},
): Promise<RunningWorkloads> {
  const place = mkdtempSync(join(tmpdir(), "spanstore-workloads-"));
  const ports = await portsFor(workloads);
  const hosts = new Set(workloads.map(({ host }) => host));
  const portOf = (host: string, port: number): number => {
    const mapped = ports.get(`${host}:${port}`);
    if (mapped === undefined) throw new Error(`nothing has the address ${host}:${port}`);
    return mapped;
  };
  const running = new Map<string, RunningProgram>();
  const result: RunningWorkloads = {
    portOf,
    program: (host) => {
      const program = running.get(host);
      if (program === undefined) throw new Error(`${host} does not run`);
      return program;
    },
    stop: async (host) => void (await result.program(host).stop()),
    start: async (host) => {
      const workload = workloads.find((each) => each.host === host);
      if (workload === undefined) throw new Error(`there is no ${host}`);
      await start(workload);
    },
    output: () => [...running].map(([host, program]) => `== ${host}\n${program.output()}`).join("\n"),
    async [Symbol.asyncDispose]() {
      for (const program of [...running.values()].reverse()) await program.stop();
      rmSync(place, { recursive: true, force: true });
    },
  };
  try {
    for (const workload of workloads) await start(workload);
  } catch (error) {
    await result[Symbol.asyncDispose]();
    throw error;
  }
  return result;

  async function start(workload: Workload): Promise<void> {
    const { host, image, entrypoint, args, env, files, folders } = workload;
    const root = join(place, host);
    const here = (text: string) => inPlace(text, workload, root);
    for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
    for (const { path, content } of files) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), here(content));
    }
    const [program, ...before] = programs[image] ?? [];
    if (program === undefined) throw new Error(`no program stands for the image ${image}`);
    // The entrypoint's own program is found where this machine has it.
    const words = [...before, ...entrypoint.slice(1), ...args].map(here);
    const variables = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, here(value)]));
    const started = startProgram([program], words, variables);
    running.set(host, started);
    await untilItIsReady(workload, started);
  }

  function inPlace(text: string, { host, files, folders }: Workload, root: string): string {
    let moved = text
      .replaceAll(/\b0\.0\.0\.0:(\d+)/g, (_, port: string) => `127.0.0.1:${portOf(host, Number(port))}`)
      // As OpenTelemetry's own metrics are configured.
      .replaceAll(/(host: )0\.0\.0\.0(\s+port: )(\d+)/g, (_, name: string, between: string, port: string) => {
        return `${name}127.0.0.1${between}${portOf(host, Number(port))}`;
      })
      .replaceAll(/(?<![\w.-])([a-z][a-z0-9-]*):(\d{2,5})\b/g, (whole, name: string, port: string) => {
        if (whole in elsewhere) return elsewhere[whole] as string;
        return hosts.has(name) ? `127.0.0.1:${portOf(name, Number(port))}` : whole;
      });
    for (const path of [...files.map((file) => file.path), ...folders]) {
      moved = moved.replaceAll(path, join(root, path));
    }
    return moved;
  }

  async function untilItIsReady({ host, ready }: Workload, program: RunningProgram): Promise<void> {
    if (ready === undefined) return;
    const port = portOf(host, ready.port);
    if (ready.path !== undefined && ready.tls) {
      await untilReadyOverTls(`https://127.0.0.1:${port}${ready.path}`, program);
      return;
    }
    if (ready.path !== undefined) {
      await untilReady(`http://127.0.0.1:${port}${ready.path}`, program);
      return;
    }
    await using store = connectSpanStore(`127.0.0.1:${port}`);
    const isHealthy = async () => {
      if (program.process.exitCode !== null) throw new Error("the program has ended");
      await store.health();
      return true;
    };
    await until(isHealthy, { what: `the health of ${host}`, timeoutMs: 60_000, output: program.output });
  }
}

async function untilReadyOverTls(url: string, program: RunningProgram): Promise<void> {
  const isReady = () =>
    new Promise<true>((resolve, reject) => {
      if (program.process.exitCode !== null) throw new Error("the program has ended");
      const asked = get(url, { rejectUnauthorized: false, agent: false }, (answer) => {
        answer.resume();
        if (answer.statusCode === 200) resolve(true);
        else reject(new Error(`${url} answers ${answer.statusCode}`));
      });
      asked.on("error", reject);
    });
  await until(isReady, { what: url, timeoutMs: 60_000, output: program.output });
}

async function portsFor(workloads: readonly Workload[]): Promise<Map<string, number>> {
  const addresses = workloads.flatMap((workload) =>
    listeningPorts(workload).map((port) => `${workload.host}:${port}`),
  );
  const free = await freePorts(addresses.length);
  return new Map(addresses.map((address, i) => [address, free[i] as number]));
}

/** @throws when it is said to have a port that nothing in its configuration opens. */
function listeningPorts({ host, args, env, files, ports }: Workload): number[] {
  const texts = [...args, ...Object.values(env), ...files.map(({ content }) => content)];
  const found = texts.flatMap((text) =>
    [...text.matchAll(/\b0\.0\.0\.0(?::|\s+port: )(\d+)/g)].map((match) => Number(match[1])),
  );
  for (const port of ports) {
    if (!found.includes(port)) throw new Error(`${host} has the port ${port}, and opens only ${found}`);
  }
  return [...new Set(found)];
}
