#!/usr/bin/env node
// Puts the real peers that package registries have where the tests look for them, and says what is missing.

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { catalog, isProgram, locatePeer, peersFolder, programOnPath } from "./peers/locate.mjs";

const folder = peersFolder();
const go = programOnPath("go");
const dockerRuns = spawnSync("docker", ["info"], { stdio: "ignore", timeout: 10_000 }).status === 0;

const missing = [];
for (const [name, peer] of Object.entries(catalog)) {
  const present = locatePeer(name) ?? (had(peer) ? locatePeer(name) : undefined);
  if (present === undefined) missing.push([name, peer]);
  else console.log(`${peer.title}: ${present.address ?? present.command.join(" ")}`);
}

if (missing.length === 0) {
  console.log("\nEvery peer is here.");
} else {
  console.log(
    `\n*** ${missing.length} of ${Object.keys(catalog).length} peers could not be had; their tests will NOT run:`,
  );
  for (const [name, peer] of missing) {
    console.log(`*** ${peer.title}: ${reason(peer)} (or set ${peer.env}; tests marked [needs ${name}])`);
  }
}

/** Tries to get the peer; what the tool says is shown. */
function had(peer) {
  if (peer.go && go) {
    const bin = join(folder, dirname(peer.cached));
    mkdirSync(bin, { recursive: true });
    console.log(`${peer.title}: go install ${peer.go}`);
    const env = { ...process.env, GOBIN: bin };
    spawnSync(go, ["install", peer.go], { stdio: "inherit", env, cwd: folder });
    return isProgram(join(folder, peer.cached));
  }
  if (peer.docker && dockerRuns) {
    console.log(`${peer.title}: docker pull ${peer.docker}`);
    return spawnSync("docker", ["pull", "--quiet", peer.docker], { stdio: "inherit" }).status === 0;
  }
  return false;
}

function reason(peer) {
  if (peer.go)
    return go
      ? `go install ${peer.go} failed; what it said is above`
      : "there is no Go on PATH to install it with";
  return peer.manual;
}
