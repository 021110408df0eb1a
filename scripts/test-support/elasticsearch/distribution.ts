import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { peersFolder } from "../../peers/locate.mjs";

const version = "9.5.3";
const artifact = `org.elasticsearch.distribution.integ-test-zip:elasticsearch:${version}:zip`;
const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";

export const image = `docker.elastic.co/elasticsearch/elasticsearch:${version}`;

/** The path of the download, for all runs. */
export function zipFile(): string {
  return join(peersFolder(), `elasticsearch-${version}.zip`);
}

/** Elastic's own bare distribution, once for all runs. It is unpacked where every account can read it. */
export async function unpacked(maven: string, javaHome: string): Promise<string> {
  const zip = zipFile();
  if (!existsSync(zip)) {
    mkdirSync(peersFolder(), { recursive: true });
    const folder = mkdtempSync(join(peersFolder(), "download-"));
    const args = ["-B", "-q", `${plugin}:copy`, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`];
    await run(maven, args, folder);
    renameSync(join(folder, `elasticsearch-${version}.zip`), zip);
    rmSync(folder, { recursive: true, force: true });
  }
  const home = join(tmpdir(), `spanstore-elasticsearch-${version}-${process.getuid?.() ?? 0}`);
  if (!existsSync(home)) {
    const folder = mkdtempSync(`${home}-`);
    await run(join(javaHome, "bin/jar"), ["xf", zip], folder);
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

/** Without standing in the way of the run's other tests meanwhile. */
export async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  await promisify(execFile)(program, args, { cwd });
}
