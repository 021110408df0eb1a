import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runQuietly, shim } from "../run.mjs";

/** The package managers that users have now. Each is run by npx, on a Node that it likes. */
export const installers = [
  {
    title: "npm 12",
    package: "npm@12",
    arguments: (cache) => ["install", "--no-audit", "--no-fund", ...(cache ? [`--cache=${cache}`] : [])],
    configure: (_, manifest, tarballs) => ({ ...manifest, overrides: tarballs }),
    count: (folder) => {
      const { packages } = JSON.parse(readFileSync(join(folder, "node_modules/.package-lock.json"), "utf8"));
      return Object.keys(packages).length;
    },
    // It complains of the machine's own settings, too.
    complaint:
      /^npm warn (?!Unknown|install-scripts {3}protobufjs@|install-scripts 1 package |install-scripts(?: Run|$))/m,
  },
  {
    title: "pnpm 12",
    package: "pnpm@12",
    arguments: (cache) => [
      "install",
      ...(cache ? [`--store-dir=${cache}`, `--config.cache-dir=${cache}`] : []),
    ],
    configure: (folder, manifest, tarballs) => {
      const lines = Object.entries(tarballs).map(([name, place]) => `  "${name}": "${place}"`);
      const text = ["overrides:", ...lines, "permissions:", "  protobufjs: { build: false }", ""];
      writeFileSync(join(folder, "pnpm-workspace.yaml"), text.join("\n"));
      return manifest;
    },
    count: (folder) =>
      readdirSync(join(folder, "node_modules/.pnpm")).filter((name) => name.includes("@")).length,
    complaint: /ERR_PNPM|Ignored build|deprecated/,
  },
];

/**
 * Installs into an empty folder.
 * @param wanted package specifiers by name; those of spanstore's packages are taken from `tarballs`.
 * @param more flags of the package manager.
 * @param cold with caches of its own that are empty, so that everything is downloaded.
 * @throws when it fails, or complains of what users would see.
 */
export async function install({ installer, folder, wanted, tarballs, env, cold = false, more = [] }) {
  mkdirSync(folder, { recursive: true });
  const places = Object.fromEntries([...tarballs].map(([name, path]) => [name, `file:${path}`]));
  const dependencies = Object.fromEntries(
    Object.entries(wanted).map(([name, range]) => [name, places[name] ?? range]),
  );
  const manifest = installer.configure(folder, { private: true, type: "module", dependencies }, places);
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, undefined, 2));
  const cache = cold ? join(folder, ".cache") : undefined;
  const flags = [...installer.arguments(cache), ...more];
  const { command, argv, options } = shim("npx", ["--yes", installer.package, ...flags]);
  const began = performance.now();
  const { code, output } = await runQuietly(command, argv, { ...options, cwd: folder, env });
  const seconds = (performance.now() - began) / 1000;
  if (code !== 0) throw new Error(`${installer.title} failed in ${folder}:\n${output}`);
  if (installer.complaint.test(output)) throw new Error(`${installer.title} complains:\n${output}`);
  return { seconds, packages: installer.count(folder), bytes: sizeOf(join(folder, "node_modules")) };
}

/** Bytes of all files below a folder; links, and files by several names, count once. */
function sizeOf(folder, seen = new Set()) {
  let bytes = 0;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stats = lstatSync(path);
    if (stats.isDirectory()) bytes += sizeOf(path, seen);
    else if (!seen.has(stats.ino)) bytes += stats.size;
    seen.add(stats.ino);
  }
  return bytes;
}
