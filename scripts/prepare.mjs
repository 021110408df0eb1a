import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, runPnpm, runPnpmQuietly } from "./run.mjs";
import { manifestOf, packageFolders } from "./workspace-packages.mjs";

// Installs and builds are recorded by the content they were made from. The notes lie in
// node_modules, so that removing that starts afresh.
const notes = join(root, "node_modules", ".spanstore");

/** Installs all dependencies, unless the manifests and the lockfile are those of the last time. */
export async function install() {
  const inputs = ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"];
  for (const folder of packageFolders()) inputs.push(join(folder, "package.json"));
  // Native modules are bound to the machine, and to no version of Node.
  const state = digest(inputs, `${process.platform} ${process.arch}`);
  if (noted("install") === state) return;
  succeed("install", await runPnpm(["install", "--frozen-lockfile"]));
  note("install", state);
}

/** Builds those of the packages whose source changed, dependencies first. */
export async function build(folders) {
  const stale = new Map();
  for (const folder of folders) {
    const manifest = manifestOf(folder);
    const { name } = manifest;
    if (manifest.scripts?.build === undefined) continue;
    const state = digest(
      ["rolldown.base.ts", "tsconfig.base.json", "tsconfig.build.json", "pnpm-lock.yaml", ...sources(folder)],
      "",
    );
    const built = existsSync(join(root, folder, "dist")) && outputs(manifest).every(isIn(folder));
    if (!built || noted(noteName(name)) !== state) stale.set(name, state);
  }
  if (stale.size === 0) return;
  const names = [...stale.keys()];
  console.error(`spanstore: building ${names.length > 2 ? `${names.length} packages` : names.join(", ")}`);
  const filters = names.map((name) => `--filter=${name}`);
  // Its output is shown when it fails.
  const { code, output } = await runPnpmQuietly(["--recursive", ...filters, "run", "build"]);
  if (code !== 0) console.error(output);
  succeed("build", code);
  for (const [name, state] of stale) note(noteName(name), state);
}

function succeed(what, code) {
  if (code === 0) return;
  console.error(`spanstore: the ${what} failed, with the output above`);
  process.exit(code);
}

const notSource = new Set(["node_modules", "dist", "test", "results", "coverage"]);

function sources(folder) {
  const files = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (notSource.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) files.push(...sources(path));
    else if (entry.isFile()) files.push(path);
  }
  return files.sort();
}

/** The built files that a package says it has. */
function outputs(manifest) {
  return JSON.stringify([manifest.exports, manifest.bin]).match(/(?<=")\.\/dist\/[^"]+/g) ?? [];
}

const isIn = (folder) => (file) => existsSync(join(root, folder, file));

function digest(files, more) {
  const hash = createHash("sha256").update(more);
  for (const file of files) {
    const path = join(root, file);
    hash.update(`\0${file}\0`);
    if (existsSync(path)) hash.update(readFileSync(path));
  }
  return hash.digest("hex");
}

function noteName(packageName) {
  return `build-${packageName.replace(/[^a-z0-9-]+/g, "_")}`;
}

function noted(name) {
  const path = join(notes, name);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function note(name, state) {
  mkdirSync(notes, { recursive: true });
  writeFileSync(join(notes, name), state);
}
