#!/usr/bin/env node
// Packs every package as it would be published, installs the tarballs as users do, and tries them there on every Node
// that is served. Prints what an install takes.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkOldNode, checks } from "./check-install/checks.mjs";
import { install, installers } from "./check-install/installers.mjs";
import { packAll } from "./check-install/packed.mjs";
import { tableOf } from "./check-install/table.mjs";
import { checkTypes, compilers } from "./check-install/types.mjs";
import { environmentOf, nodeOfMajor } from "./node/install.mjs";
import { onNewEnoughNode } from "./node/rerun.mjs";
import { root, run } from "./run.mjs";

const served = [22, 24, 26];
const tooOld = 20;
/** The packages that users install alone; each is measured. */
const measured = ["core", "sqlite", "manticore", "elasticsearch", "otel-exporter", "client"].map(
  (name) => `@spanstore/${name}`,
);
/** The packages that programs install beside all of ours. */
const beside = { "@types/node": "^22.0.0", "fast-check": "^4.0.0" };

process.exitCode = await onNewEnoughNode(async () => {
  const built = await run(process.execPath, [join(root, "scripts/workspace.mjs"), "build"]);
  if (built !== 0) return built;
  const folder = mkdtempSync(join(tmpdir(), "spanstore-install-"));
  try {
    await checkInstall(folder);
    return 0;
  } catch (error) {
    console.error(`check:install: ${error.message}`);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

async function checkInstall(folder) {
  const nodes = [];
  for (const major of served) nodes.push(await nodeOfMajor(major));
  const newest = nodes[1];
  const env = environmentOf(newest.program);
  const tarballs = await packAll(folder);
  const tools = join(folder, "tools");
  const wanted = { ...compilers, esbuild: "^0.28.0" };
  const more = ["--ignore-scripts"];
  await install({ installer: installers[0], folder: tools, wanted, tarballs: new Map(), env, more });

  const rows = [];
  for (const name of [...measured, "spanstore"]) {
    const costs = [];
    for (const installer of installers) {
      const place = join(folder, `${installer.package}-${name.replace("/", "-")}`);
      costs.push(
        await install({ installer, folder: place, wanted: { [name]: "" }, tarballs, env, cold: true }),
      );
      rmSync(place, { recursive: true });
    }
    rows.push({ name, costs });
  }
  console.log(
    `\n${tableOf(
      installers.map(({ title }) => title),
      rows,
    )}\n`,
  );

  // Nothing is measured any more, so that both are tried at the same time.
  const tries = installers.map(async (installer) => {
    const place = join(folder, installer.package);
    const all = Object.fromEntries([...tarballs.keys()].map((name) => [name, ""]));
    await install({ installer, folder: place, wanted: { ...all, ...beside }, tarballs, env });
    await tried(`${installer.title}, types`, () => checkTypes({ place, tools, node: newest }));
    for (const node of nodes) {
      for (const [name, check] of Object.entries(checks)) {
        await tried(`${installer.title}, Node ${node.version}, ${name}`, () => check({ place, tools, node }));
      }
    }
    const old = await nodeOfMajor(tooOld);
    await tried(`${installer.title}, Node ${old.version}`, () => checkOldNode({ place, node: old }));
  });
  const ended = await Promise.allSettled(tries);
  for (const { reason } of ended) if (reason !== undefined) throw reason;
}

async function tried(what, task) {
  const began = performance.now();
  try {
    await task();
  } catch (cause) {
    throw new Error(`${what}: ${cause.message}`, { cause });
  }
  console.log(`ok  ${what}  ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
