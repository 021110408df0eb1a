import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { cacheFolder } from "../cache-folder.mjs";

/** Every peer the tests know, by name: see catalog.json. */
export const catalog = JSON.parse(readFileSync(new URL("catalog.json", import.meta.url), "utf8"));

/** The folder in which `npm run peers` puts its downloads; outside the tree. */
export function peersFolder() {
  return process.env.SPANSTORE_PEERS || join(cacheFolder(), "peers");
}

/**
 * Finds a peer: by its environment variable (an http address or the path of a program), on PATH, in
 * the folder of `npm run peers`, or as a Docker image that is here already. Undefined: there is none.
 * A peer that is a file has its path in place of a program's. For a peer in Java the variable takes the path of a script that is called as `java` would be.
 */
export function locatePeer(name) {
  const peer = catalog[name];
  if (peer === undefined) throw new Error(`no peer is called ${name}`);
  const told = process.env[peer.env];
  if (told) return told.includes("://") ? { address: told } : { command: [told] };
  const onPath = peer.command && programOnPath(peer.command);
  if (onPath) return { command: [onPath] };
  const file = peer.file && join(peersFolder(), peer.file);
  if (file && existsSync(file)) return { command: [file] };
  const cached = peer.cached && join(peersFolder(), peer.cached);
  if (cached && peer.maven) return existsSync(cached) ? onJava(dirname(cached)) : undefined;
  if (cached && isProgram(cached)) return { command: [cached] };
  if (peer.docker && hasImage(peer.docker)) return { command: dockerCommand(peer.docker), docker: true };
  return undefined;
}

/** Java with all jars of a folder; the main class is the user's to add. */
function onJava(jars) {
  const java = programOnPath("java");
  return java && { command: [java, "-cp", join(jars, "*")] };
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export function programOnPath(command) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, command)).find(isProgram);
}

function hasImage(image) {
  return spawnSync("docker", ["image", "inspect", image], { stdio: "ignore", timeout: 10_000 }).status === 0;
}

/** In the host's network and with the folder of temporary files, so that it is used like a program. */
function dockerCommand(image) {
  return ["docker", "run", "--rm", "--init", "--network=host", "--volume=/tmp:/tmp", image];
}
