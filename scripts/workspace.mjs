#!/usr/bin/env node
// `npm start`, `npm test` and the other scripts install and build the changed packages, then run.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { onNewEnoughNode } from "./node/rerun.mjs";
import { build, install } from "./prepare.mjs";
import { manifestProblems, writeManifests } from "./release/manifests.mjs";
import { root, runService, runTool } from "./run.mjs";
import { packageFolders, published } from "./workspace-packages.mjs";

const usage = `Usage: node scripts/workspace.mjs COMMAND [ARGS]

  start      the server on embedded SQLite; ARGS are the server's (--help lists them)
  test       all tests; ARGS are vitest's
  demo       sends traces to a running server and prints what its searches find
  build      all packages whose source changed
  lint       Biome's checks, and the directions of imports
  format     Biome's fixes, and what all package.json have in common
  typecheck  tsc on every package
  packages   publint and attw on every package that is published, and what all have in common
  knip       unused files, exports and dependencies
  bench      the benchmark program; ARGS are its own

Each installs and builds first what it needs and what changed since the last time.`;

const everything = ["."];

async function main(command, args) {
  switch (command) {
    case "start":
      await prepare(isPackage);
      return runService(join(root, "packages/cli/dist/main.js"), args);
    case "test":
      await prepare();
      return runTool("vitest", ["run", ...args]);
    case "demo":
      await prepare((folder) => isPackage(folder) || folder === "examples");
      return runService(join(root, "examples/dist/demo.js"), args);
    case "bench":
      await prepare((folder) => isPackage(folder) || folder === "bench");
      return runService(join(root, "bench/dist/main.js"), args);
    case "build":
      return prepare();
    case "lint":
      await install();
      return (await runTool("biome", ["ci", ...(args.length > 0 ? args : everything)])) || checkImports();
    case "format":
      await install();
      writeManifests();
      return runTool("biome", ["check", "--write", ...(args.length > 0 ? args : everything)]);
    case "typecheck":
      await prepare();
      return typecheck(args);
    case "packages":
      await prepare();
      return checkPackages();
    case "knip":
      await install();
      return runTool("knip", args);
    default:
      console.error(usage);
      return command === undefined || command === "help" || command === "--help" ? 0 : 2;
  }
}

const isPackage = (folder) => folder.startsWith("packages/");

/** Installs everything and builds what is wanted; a failure ends the process. */
async function prepare(wanted = () => true) {
  await install();
  await build(packageFolders().filter(wanted));
  return 0;
}

async function typecheck(args) {
  let failed = 0;
  for (const folder of [".", ...packageFolders()]) {
    if (!existsSync(join(root, folder, "tsconfig.json"))) continue;
    failed = (await runTool("tsc", ["-p", folder, ...args])) || failed;
  }
  return failed;
}

/** Which way imports run: .dependency-cruiser.mjs. */
function checkImports() {
  const sources = packageFolders()
    .map((folder) => join(folder, "src"))
    .filter((folder) => folder.startsWith("packages") && existsSync(join(root, folder)));
  return runTool("depcruise", ["--config", ".dependency-cruiser.mjs", ...sources]);
}

async function checkPackages() {
  const problems = manifestProblems();
  for (const problem of problems) console.error(problem);
  let failed = problems.length > 0 ? 1 : 0;
  for (const folder of published()) {
    const cwd = join(root, folder);
    failed = (await runTool("publint", ["--strict", "--pack", "npm", "."], { cwd })) || failed;
    failed = (await runTool("attw", ["--pack", ".", "--profile", "esm-only"], { cwd })) || failed;
  }
  return failed;
}

const [command, ...args] = process.argv.slice(2);
process.exitCode = await onNewEnoughNode(() => main(command, args));
