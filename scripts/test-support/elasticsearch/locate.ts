import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { programOnPath } from "../../peers/locate.mjs";
import { zipFile } from "./distribution.js";

const oldestJava = 21;

/** How tests come by a server. */
export type Way =
  | { readonly url: string }
  | { readonly maven: string; readonly javaHome: string }
  | { readonly docker: string };

/**
 * One at a given address; one of Maven Central when Java is new enough; one of Docker. Undefined: none,
 * or none is wanted.
 */
export function locateElasticsearch(): Way | undefined {
  const url = process.env.SPANSTORE_ELASTICSEARCH_URL;
  if (url) return { url };
  if (process.env.SPANSTORE_ELASTICSEARCH === "none") return undefined;
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

/** The home of a Java that is new enough: the given one, the one of the path, or one in the usual folders. */
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
