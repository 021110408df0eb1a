import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programOnPath } from "../../peers/locate.mjs";
import { freePorts, type RunningProgram, startProgram, until } from "../processes.js";
import { image, run, unpacked } from "./distribution.js";
import type { Way } from "./locate.js";

/** A server that is the tests' own. */
export interface OwnServer {
  readonly url: string;
  /** Whether it can be killed and started again where its data is. */
  readonly isKillable: boolean;
  readonly kill: () => Promise<void>;
  /** Starts it again; lines of its configuration take the place of those it had. */
  readonly start: (settings?: readonly string[]) => Promise<void>;
  /** Ends it and removes its data. */
  readonly close: () => Promise<void>;
}

const startMillis = 180_000;
/** Small indices of tests need little, and no code of theirs runs long enough for the slower compiler to pay. */
const javaOptions = "-Xms640m -Xmx640m -XX:-AlwaysPreTouch -XX:TieredStopAtLevel=1";

/** Starts a server with a data directory of its own. */
export async function startServer(
  way: Exclude<Way, { readonly url: string }>,
  settings: readonly string[] = [],
): Promise<OwnServer> {
  const [port, transportPort] = (await freePorts(2)) as [number, number];
  const url = `http://127.0.0.1:${port}`;
  const launch =
    "docker" in way ? inDocker(way.docker, port) : await onJava(way, port, transportPort, settings);
  let program: RunningProgram | undefined;
  const start = async (changed?: readonly string[]): Promise<void> => {
    const started = launch.start(changed);
    program = started;
    await until(
      async () => {
        if (started.process.exitCode !== null) return "ended" as const;
        const answer = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`);
        await answer.body?.cancel();
        return answer.status === 200 || answer.status === 401 ? ("serves" as const) : undefined;
      },
      { what: "Elasticsearch", timeoutMs: startMillis, output: started.output },
    ).then((state) => {
      if (state === "ended") throw new Error(`Elasticsearch has ended\n${started.output()}`);
    });
  };
  // Whoever ends without closing it, by a signal for example, leaves nothing behind that runs.
  const killOnExit = (): void => {
    const { pid } = program?.process ?? {};
    killAll([...childrenOf(pid), ...(pid === undefined ? [] : [pid])]);
    launch.clean();
  };
  process.once("exit", killOnExit);
  await start();
  return {
    url,
    isKillable: !("docker" in way),
    kill: async () => {
      const { process: launcher } = program as RunningProgram;
      const ended = once(launcher, "exit");
      // The server is a child of what was started, which ends when its child does.
      killAll(childrenOf(launcher.pid));
      await ended;
    },
    start,
    close: async () => {
      const children = childrenOf(program?.process.pid);
      await program?.stop();
      killAll(children);
      process.removeListener("exit", killOnExit);
      launch.clean();
    },
  };
}

function childrenOf(pid: number | undefined): readonly number[] {
  if (pid === undefined) return [];
  const listed = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }).stdout ?? "";
  return listed.split("\n").filter(Boolean).map(Number);
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

interface Launch {
  readonly start: (settings?: readonly string[]) => RunningProgram;
  readonly clean: () => void;
}

const memoryFolder = "/dev/shm";
const enoughBytes = 3 * 2 ** 30;

/** In memory where there is room for it: tests make hundreds of indices, each with several syncs. */
function dataFolder(): string {
  if (process.platform !== "linux" || !existsSync(memoryFolder)) return tmpdir();
  const { bavail, bsize } = statfsSync(memoryFolder);
  return bavail * bsize >= enoughBytes ? memoryFolder : tmpdir();
}

const folderStart = "spanstore-elasticsearch-of-";

/** Removes the leftovers of a killed run, which take memory and which no other run removes. */
function removeLeftovers(above: string): void {
  for (const name of readdirSync(above)) {
    const [, pid] = new RegExp(`^${folderStart}(\\d+)-`).exec(name) ?? [];
    if (pid !== undefined && !isRunning(Number(pid)))
      rmSync(join(above, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function onJava(
  { maven, javaHome }: { maven: string; javaHome: string },
  port: number,
  transportPort: number,
  given: readonly string[],
): Promise<Launch> {
  const home = await unpacked(maven, javaHome);
  const above = dataFolder();
  removeLeftovers(above);
  const folder = mkdtempSync(join(above, `${folderStart}${process.pid}-`));
  for (const name of ["data", "logs", "config", "tmp"]) mkdirSync(join(folder, name));
  const base = [
    `cluster.name: spanstore-${port}`,
    "discovery.type: single-node",
    "network.host: 127.0.0.1",
    `http.port: ${port}`,
    `transport.port: ${transportPort}`,
    `path.data: ${join(folder, "data")}`,
    `path.logs: ${join(folder, "logs")}`,
    // Tests make many small indices, on disks that may well be nearly full.
    "cluster.max_shards_per_node: 10000",
    "cluster.routing.allocation.disk.threshold_enabled: false",
    "xpack.security.enabled: false",
  ];
  await cp(join(home, "config"), join(folder, "config"), { recursive: true });
  const env = {
    ES_JAVA_HOME: javaHome,
    ES_JAVA_OPTS: javaOptions,
    ES_PATH_CONF: join(folder, "config"),
    ES_TMPDIR: join(folder, "tmp"),
    HOME: folder,
  };
  const program = join(home, "bin/elasticsearch");
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await run("chown", ["-R", "nobody", folder], folder);
  // It refuses to run as root. With setpriv it ends together with the process that started it.
  const setpriv = programOnPath("setpriv");
  const account = isRoot ? ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] : [];
  const command: [string, ...string[]] =
    setpriv === undefined ? [program] : [setpriv, ...account, "--pdeathsig=TERM", program];
  return {
    start: (settings = given) => {
      writeFileSync(join(folder, "config/elasticsearch.yml"), `${[...base, ...settings].join("\n")}\n`);
      return startProgram(command, [], env);
    },
    clean: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function inDocker(docker: string, port: number): Launch {
  const env = [
    "discovery.type=single-node",
    "xpack.security.enabled=false",
    "cluster.max_shards_per_node=10000",
    `ES_JAVA_OPTS=${javaOptions}`,
  ];
  const args = env.flatMap((each) => ["--env", each]);
  return {
    start: () =>
      startProgram([docker, "run", "--rm", "--init", `--publish=127.0.0.1:${port}:9200`, ...args, image], []),
    clean: () => undefined,
  };
}
