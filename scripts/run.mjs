import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { forwardSignals } from "./signals.mjs";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Runs a Node program as a service and resolves to its exit code. It stands in a process group of its own, so that
 * it gets a signal of the terminal once, from here.
 */
export function runService(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ["ignore", "inherit", "inherit"],
      detached: process.platform !== "win32",
    });
    forwardSignals((signal) => child.kill(signal));
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(exitCode(code, signal)));
  });
}

/** Runs the workspace's copy of a tool and resolves to its exit code. */
export function runTool(name, args, { cwd = root } = {}) {
  return run(process.execPath, [toolPath(name), ...args], { cwd });
}

/** Runs the pinned pnpm, wherever it comes from; no pnpm needs to be installed. */
export function runPnpm(args) {
  const { command, argv, options } = pnpm(args);
  return run(command, argv, options);
}

/** The same, and what it says is given back instead of shown. */
export function runPnpmQuietly(args) {
  const { command, argv, options } = pnpm(args);
  return runQuietly(command, argv, options);
}

/** Runs a command, and resolves to its exit code and what it wrote. */
export async function runQuietly(command, args, options = {}) {
  let output = "";
  const keep = (chunk) => {
    output += chunk;
  };
  const code = await run(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] }, (child) => {
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
  });
  return { code, output };
}

function pnpm(args) {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  // Without CI set, pnpm asks before it replaces a node_modules, and fails without a terminal.
  const env = { ...process.env, CI: process.env.CI ?? "true" };
  // It is the pinned version that runs: there is no other to look for, nor to note in the lockfile.
  const { command, argv, options } = shim("npx", [
    "--yes",
    packageManager,
    "--config.pm-on-fail=ignore",
    ...args,
  ]);
  return { command, argv, options: { ...options, cwd: root, env } };
}

/** npm or npx, as run() takes it: on Windows these are scripts, which only a shell can run. */
export function shim(command, args) {
  if (process.platform !== "win32") return { command, argv: args, options: {} };
  const line = [command, ...args.map((argument) => `"${argument}"`)].join(" ");
  return { command: line, argv: [], options: { shell: true } };
}

/** Runs a command, on this terminal unless the options say otherwise, and resolves to its exit code. */
export function run(command, args, options = {}, started = () => {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", ...options });
    started(child);
    // The terminal sends SIGINT to the whole group.
    const stop = forwardSignals((signal) => signal !== "SIGINT" && child.kill(signal));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      stop();
      resolve(exitCode(code, signal));
    });
  });
}

/** The exit code that a shell gives a program for the way it ended. */
export function exitCode(code, signal) {
  return code ?? 128 + (constants.signals[signal] ?? 0);
}

const packageOfTool = {
  attw: "@arethetypeswrong/cli",
  biome: "@biomejs/biome",
  changeset: "@changesets/cli",
  depcruise: "dependency-cruiser",
  tsc: "typescript",
};

function toolPath(name) {
  const folder = join(root, "node_modules", packageOfTool[name] ?? name);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[name]);
}
