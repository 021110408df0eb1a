#!/usr/bin/env node
// Puts the real peers that package registries have where the tests look for them, and says what is missing.

import { spawnSync } from "node:child_process";
import { registryOf } from "./peers/get.mjs";
import { catalog, locatePeer } from "./peers/locate.mjs";

const dockerRuns = spawnSync("docker", ["info"], { stdio: "ignore", timeout: 10_000 }).status === 0;
const [...wanted] = process.argv.slice(2);
const peers = Object.entries(catalog).filter(([name]) => wanted.length === 0 || wanted.includes(name));

const missing = [];
for (const [name, peer] of peers) {
  const present = locatePeer(name) ?? (had(peer) ? locatePeer(name) : undefined);
  if (present === undefined) missing.push([name, peer]);
  else console.log(`${peer.title}: ${present.address ?? present.command.join(" ")}`);
}

if (missing.length === 0) {
  console.log("\nEvery peer is here.");
} else {
  console.log(`\n*** ${missing.length} of ${peers.length} peers could not be had; their tests will NOT run:`);
  for (const [name, peer] of missing) {
    console.log(`*** ${peer.title}: ${reason(peer)} (or set ${peer.env}; tests marked [needs ${name}])`);
  }
}

/** Tries to get the peer; what the tool says is shown. */
function had(peer) {
  const registry = registryOf(peer);
  if (registry?.path !== undefined) {
    console.log(`${peer.title}: ${registry.package} with ${registry.tool}`);
    registry.get(peer, registry.path);
    return true;
  }
  if (peer.docker && dockerRuns) {
    console.log(`${peer.title}: docker pull ${peer.docker}`);
    return spawnSync("docker", ["pull", "--quiet", peer.docker], { stdio: "inherit" }).status === 0;
  }
  return false;
}

function reason(peer) {
  const registry = registryOf(peer);
  if (registry === undefined) return peer.manual;
  return registry.path === undefined
    ? `there is no ${registry.tool} on PATH to get it with`
    : `${registry.tool} did not get ${registry.package}; its output is above`;
}
