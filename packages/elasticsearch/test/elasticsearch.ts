import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { peersFolder, programOnPath } from "../../../scripts/peers/locate.mjs";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  until,
} from "../../../scripts/test-support/processes.js";

const version = "9.5.3";
const artifact = `org.elasticsearch.distribution.integ-test-zip:elasticsearch:${version}:zip`;
const image = `docker.elastic.co/elasticsearch/elasticsearch:${version}`;
const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";
const oldestJava = 21;
const startMillis = 180_000;

/** For how long a hook that starts a server may run, with the download before the first. */
export const hookMillis = 600_000;

/** How tests come by a server. */
type Way =
  | { readonly url: string }
  | { readonly maven: string; readonly javaHome: string }
  | { readonly docker: string };

/** A server for tests: of their own, or one that somebody runs at an address. */
export interface Elasticsearch {
  readonly url: string;
  /** A program that tests may kill; undefined for one at an address. */
  readonly program: () => RunningProgram | undefined;
  /** Starts it again where its data is, after it has ended. */
  readonly start: () => Promise<void>;
  /** Ends it and removes its data. */
  readonly close: () => Promise<void>;
}

/** A suite that needs a real server. Where there is none it is skipped, and the reporter says so at the end of the run. */
export function describeWithElasticsearch(name: string, tests: (way: Way | undefined) => void): void {
  const way = locate();
  const marked = `${name} [needs elasticsearch]`;
  if (way === undefined) describe.skip(marked, () => tests(undefined));
  else describe(marked, () => tests(way));
}

function locate(): Way | undefined {
  const url = process.env.SPANSTORE_ELASTICSEARCH_URL;
  if (url) return { url };
  // Starting one takes minutes, so it is asked for.
  if (process.env.SPANSTORE_ELASTICSEARCH !== "start") return undefined;
  const maven = programOnPath("mvn");
  const javaHome = newestJava();
  if (javaHome !== undefined && (maven !== undefined || existsSync(zipFile()))) {
    return { maven: maven ?? "mvn", javaHome };
  }
  const docker = programOnPath("docker");
  const runs =
    docker !== undefined && spawnSync(docker, ["info"], { stdio: "ignore", timeout: 10_000 }).status === 0;
  return docker !== undefined && runs ? { docker } : undefined;
}

/** The home of a Java that is new enough: the one that is told, that of the path, or one where they usually lie. */
function newestJava(): string | undefined {
  const onPath = programOnPath("java");
  const homes = [
    process.env.ES_JAVA_HOME,
    process.env.JAVA_HOME,
    onPath === undefined ? undefined : homeOf(onPath),
    ...foldersIn("/usr/lib/jvm"),
    ...foldersIn("/Library/Java/JavaVirtualMachines").map((folder) => join(folder, "Contents/Home")),
    ...foldersIn(join(process.env.HOME ?? "", ".sdkman/candidates/java")),
  ];
  return homes.find(
    (home) => home !== undefined && existsSync(join(home, "bin/jar")) && versionOf(home) >= oldestJava,
  );
}

function foldersIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

function settingsOf(java: string): string {
  return spawnSync(java, ["-XshowSettings:properties", "-version"], { encoding: "utf8" }).stderr ?? "";
}

function homeOf(java: string): string | undefined {
  return /java\.home = (.+)/.exec(settingsOf(java))?.[1];
}

function versionOf(home: string): number {
  return Number(/java\.specification\.version = (\d+)$/m.exec(settingsOf(join(home, "bin/java")))?.[1] ?? 0);
}

function zipFile(): string {
  return join(peersFolder(), `elasticsearch-${version}.zip`);
}

/** Elastic's own bare distribution, once for all runs. It is unpacked where every account can read it. */
function unpacked(maven: string, javaHome: string): string {
  const zip = zipFile();
  if (!existsSync(zip)) {
    mkdirSync(peersFolder(), { recursive: true });
    const folder = mkdtempSync(join(peersFolder(), "download-"));
    const args = ["-B", "-q", `${plugin}:copy`, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`];
    run(maven, args, folder);
    renameSync(join(folder, `elasticsearch-${version}.zip`), zip);
    rmSync(folder, { recursive: true, force: true });
  }
  const home = join(tmpdir(), `spanstore-elasticsearch-${version}-${process.getuid?.() ?? 0}`);
  if (!existsSync(home)) {
    const folder = mkdtempSync(`${home}-`);
    run(join(javaHome, "bin/jar"), ["xf", zip], folder);
    chmodSync(folder, 0o755);
    const inner = join(folder, `elasticsearch-${version}`);
    for (const name of readdirSync(join(inner, "bin"))) chmodSync(join(inner, "bin", name), 0o755);
    try {
      renameSync(inner, home);
    } catch (error) {
      // Another run was first.
      if (!existsSync(home)) throw error;
    }
    rmSync(folder, { recursive: true, force: true });
  }
  return home;
}

function run(program: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed\n${stdout}${stderr}`);
}

export interface ServerOptions {
  /** Lines of its configuration. */
  readonly settings?: readonly string[];
}

/** Starts a server with a data directory of its own; at an address, nothing is started. */
export async function startElasticsearch(
  way: Way | undefined,
  { settings = [] }: ServerOptions = {},
): Promise<Elasticsearch> {
  if (way === undefined) throw new Error("there is no Elasticsearch");
  if ("url" in way) {
    const nothing = async (): Promise<void> => {};
    return { url: way.url, program: () => undefined, start: nothing, close: nothing };
  }
  const [port, transportPort] = (await freePorts(2)) as [number, number];
  const url = `http://127.0.0.1:${port}`;
  const launch = "docker" in way ? inDocker(way.docker, port) : onJava(way, port, transportPort, settings);
  let program: RunningProgram | undefined;
  const start = async (): Promise<void> => {
    program = launch.start();
    await until(
      async () => {
        if (program?.process.exitCode !== null) throw new Error("it has ended");
        const answer = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`);
        await answer.body?.cancel();
        return answer.status === 200 || answer.status === 401 ? true : undefined;
      },
      { what: "Elasticsearch", timeoutMs: startMillis, output: () => program?.output() ?? "" },
    );
  };
  await start();
  return {
    url,
    program: () => program,
    start,
    close: async () => {
      await program?.stop();
      launch.clean();
    },
  };
}

interface Launch {
  readonly start: () => RunningProgram;
  readonly clean: () => void;
}

function onJava(
  { maven, javaHome }: { maven: string; javaHome: string },
  port: number,
  transportPort: number,
  settings: readonly string[],
): Launch {
  const home = unpacked(maven, javaHome);
  const folder = mkdtempSync(join(tmpdir(), "spanstore-elasticsearch-"));
  for (const name of ["data", "logs", "config", "tmp"]) mkdirSync(join(folder, name));
  const lines = [
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
    ...(settings.some((line) => line.startsWith("xpack.security")) ? [] : ["xpack.security.enabled: false"]),
    ...settings,
  ];
  run("cp", ["-r", `${join(home, "config")}/.`, join(folder, "config")], folder);
  writeFileSync(join(folder, "config/elasticsearch.yml"), `${lines.join("\n")}\n`);
  const env = {
    ES_JAVA_HOME: javaHome,
    ES_JAVA_OPTS: "-Xms768m -Xmx768m",
    ES_PATH_CONF: join(folder, "config"),
    ES_TMPDIR: join(folder, "tmp"),
    HOME: folder,
  };
  const program = join(home, "bin/elasticsearch");
  const isRoot = process.getuid?.() === 0;
  if (isRoot) run("chown", ["-R", "nobody", folder], folder);
  // It refuses to run as root.
  const command: [string, ...string[]] = isRoot
    ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", program]
    : [program];
  return {
    start: () => startProgram(command, [], env),
    clean: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function inDocker(docker: string, port: number): Launch {
  const env = [
    "discovery.type=single-node",
    "xpack.security.enabled=false",
    "cluster.max_shards_per_node=10000",
  ];
  const memory = "ES_JAVA_OPTS=-Xms768m -Xmx768m";
  const args = [...env, memory].flatMap((each) => ["--env", each]);
  return {
    start: () =>
      startProgram([docker, "run", "--rm", "--init", `--publish=127.0.0.1:${port}:9200`, ...args, image], []),
    clean: () => undefined,
  };
}

/** A prefix that no other test's indices have, also on a server that outlives the tests. */
export function freshPrefix(): string {
  return `t${Date.now().toString(36)}${Math.floor(Math.random() * 36 ** 4).toString(36)}-`;
}

/** Removes all that tests made under a prefix. Names are told one by one, since servers refuse to delete by pattern. */
export async function removeSpaces({ url }: Pick<Elasticsearch, "url">, prefix: string): Promise<void> {
  const listed = await fetch(`${url}/_cat/indices/${prefix}*?h=index&expand_wildcards=all`);
  const names = (await listed.text()).split("\n").filter((name) => name.startsWith(prefix));
  for (let at = 0; at < names.length; at += 20) {
    const answer = await fetch(`${url}/${names.slice(at, at + 20).join(",")}`, { method: "DELETE" });
    await answer.body?.cancel();
  }
  const answer = await fetch(`${url}/_index_template/${prefix}*`, { method: "DELETE" });
  await answer.body?.cancel();
}
