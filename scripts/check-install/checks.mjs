import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runQuietly } from "../run.mjs";
import { entryPoints, externals, quickstart } from "./packed.mjs";
import { serving } from "./serving.mjs";

const programs = fileURLToPath(new URL("programs", import.meta.url));
const bins = ["spanstore", "grpc-server"];

/** The checks of an install with all packages on one Node; each throws an error that says what failed. */
export const checks = {
  quickstart: async (at) => {
    copyFileSync(quickstart, join(at.place, "quickstart.ts"));
    expect(await runNode(at, ["quickstart.ts"]), /GET \/cart/);
  },

  "file store": async (at) => {
    await runNode(at, [program(at, "store.mjs"), join(scratch(at), "spans.sqlite")]);
  },

  "require()": async (at) => {
    await runNode(at, [program(at, "required.cjs"), ...entryPoints().filter((name) => !testing.test(name))]);
  },

  bundle: async (at) => {
    const { whole, split } = await bundles(at);
    expect(await runNode(at, [split]), /^opened$/m);
    expect(await runNode(at, [whole]), /DRIVER_UNAVAILABLE.*--external:@spanstore\/sqlite/);
  },

  serving: async (at) => {
    for (const name of bins) {
      await serving(at, [bin(at, name), ...serverFlags(at)], async ({ grpc, admin }) => {
        await runNode(at, [program(at, "ask.mjs"), grpc]);
        const { status } = await fetch(`http://${admin}/readyz`);
        if (status !== 200) throw new Error(`${name}: /readyz answers ${status}`);
      });
    }
  },

  doctor: async (at) => {
    const command = [bin(at, "spanstore"), "doctor", ...serverFlags(at)];
    expect(await runNode(at, command), /^all is well$/m);
    await withoutDriver(at, async () => {
      expect(await runNode(at, command, 1), /PROBLEM sqlite, driver[\s\S]*another backend/);
      expect(
        await runNode(at, [bin(at, "spanstore"), ...serverFlags(at)], 1),
        /^spanstore: .*better-sqlite3 .*another backend/,
      );
    });
  },
};

/** The messages on a Node that is too old. */
export async function checkOldNode(at) {
  for (const name of bins)
    expect(await runNode(at, [bin(at, name)], 1), new RegExp(`^${name}: Node.js .* 22.12 or newer`));
  expect(await runNode(at, [program(at, "store.mjs"), "spans.sqlite"], 1), /DRIVER_UNAVAILABLE/);
}

/** The test kit is for programs with a test runner. */
const testing = /\/testing$/;

const serverFlags = (at) => [
  `--sqlite.path=${join(scratch(at), "server.sqlite")}`,
  "--listen=127.0.0.1:0",
  "--admin=127.0.0.1:0",
  "--http.listen=127.0.0.1:0",
];

/** A folder of its own, beside the installed packages. */
function scratch({ place }) {
  mkdirSync(join(place, ".scratch"), { recursive: true });
  return mkdtempSync(join(place, ".scratch/"));
}

/** A program, copied to where it finds the installed packages. */
function program({ place }, name) {
  copyFileSync(join(programs, name), join(place, name));
  return name;
}

/** The file behind a command, which the package manager has linked. */
function bin({ place }, name) {
  const link = join(place, "node_modules/.bin", name);
  if (!existsSync(link)) throw new Error(`there is no ${link}`);
  return {
    spanstore: "node_modules/spanstore/bin/spanstore.js",
    "grpc-server": "node_modules/@spanstore/grpc-server/dist/main.js",
  }[name];
}

async function runNode({ place, node }, args, expected = 0) {
  const { code, output } = await runQuietly(node.program, args, { cwd: place });
  if (code !== expected) throw new Error(`node ${args.join(" ")} ended with ${code}:\n${output}`);
  return output;
}

function expect(output, pattern) {
  if (!pattern.test(output)) throw new Error(`${pattern} is not in:\n${output}`);
}

/** Made once an installed folder: one with the externals that the pages name, and one without. */
async function bundles(at) {
  const entry = program(at, "bundled.mjs");
  const made = { whole: "whole.bundle.mjs", split: "split.bundle.mjs" };
  if (existsSync(join(at.place, made.split))) return made;
  const esbuild = join(at.tools, "node_modules/esbuild/bin/esbuild");
  const flags = ["--bundle", "--platform=node", "--format=esm", "--log-level=warning", entry];
  const run = async (...more) => {
    const { code, output } = await runQuietly(at.node.program, [esbuild, ...flags, ...more], {
      cwd: at.place,
    });
    if (code !== 0 || output !== "") throw new Error(`esbuild ended with ${code}:\n${output}`);
  };
  await run(`--outfile=${made.whole}`);
  await run(`--outfile=${made.split}`, ...externals.map((name) => `--external:${name}`));
  return made;
}

/** While the driver's binaries are away. */
async function withoutDriver({ place }, task) {
  const engine = createRequire(join(place, "x.js")).resolve("@spanstore/sqlite/package.json");
  const driver = createRequire(engine).resolve("better-sqlite3/package.json");
  const folder = join(driver, "../prebuilds");
  renameSync(folder, `${folder}.away`);
  try {
    await task();
  } finally {
    renameSync(`${folder}.away`, folder);
    rmSync(join(place, ".scratch"), { recursive: true });
  }
}
