import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";

const packages = fileURLToPath(new URL("../..", import.meta.url));
const driverFolder = join(packages, "sqlite/node_modules/better-sqlite3");

/** Installs this package into a new folder, without the files that `leaveOut` names, or without a driver. */
function installed(leaveOut?: { readonly ofDriver?: string; readonly ofPackage?: string }): string {
  const place = mkdtempSync(join(tmpdir(), "spanstore-driver-"));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const modules = join(place, "node_modules");
  for (const name of ["core", "sqlite"]) {
    const target = join(modules, "@spanstore", name);
    for (const part of ["package.json", "dist"]) {
      cpSync(join(packages, name, part), join(target, part), { recursive: true });
    }
  }
  for (const dependency of ["core/node_modules/re2js", "core/node_modules/lru-cache"]) {
    symlinkSync(realpathSync(join(packages, dependency)), join(modules, basename(dependency)), "junction");
  }
  if (leaveOut?.ofDriver !== undefined) {
    mkdirSync(join(modules, "better-sqlite3"));
    for (const part of ["package.json", "lib", "prebuilds"].filter((each) => each !== leaveOut.ofDriver)) {
      cpSync(join(driverFolder, part), join(modules, "better-sqlite3", part), { recursive: true });
    }
  }
  if (leaveOut?.ofPackage !== undefined) rmSync(join(modules, "@spanstore/sqlite", leaveOut.ofPackage));
  return place;
}

interface Outcome {
  readonly opening: { readonly code: string; readonly message: string; readonly hint: string } | "opened";
  readonly problems: readonly { readonly subject: string; readonly advice: string }[];
}

const program = `
  import { diagnoseSqlite, openSqliteStore } from "@spanstore/sqlite";
  const path = process.argv[2];
  const opening = await openSqliteStore({ path }).then(
    async (store) => { await store.close(); return "opened"; },
    ({ code, message, hint }) => ({ code, message, hint }),
  );
  const findings = await diagnoseSqlite({ path });
  console.log(JSON.stringify({ opening, problems: findings.filter(({ level }) => level === "problem") }));
`;

/** Opens and diagnoses a store in that folder, in a new process. */
function outcomeIn(place: string, flags: readonly string[] = []): Outcome {
  const script = join(place, "program.mjs");
  writeFileSync(script, program);
  const args = [...flags, script, join(place, "spans.sqlite")];
  // Cleared, since some test runners add folders of modules to it.
  const env = { ...process.env, NODE_PATH: "" };
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8", env });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout) as Outcome;
}

describe("the driver", () => {
  it("loads in a complete installation", () => {
    const place = installed({ ofDriver: "nothing" });
    expect(outcomeIn(place)).toEqual({ opening: "opened", problems: [] });
  });

  it("is named when it is not installed, with the option for a bundler", () => {
    const { opening, problems } = outcomeIn(installed());
    expect(opening).toMatchObject({
      code: "DRIVER_UNAVAILABLE",
      message: expect.stringContaining("Cannot find module 'better-sqlite3'"),
      hint: expect.stringContaining("--external:@spanstore/sqlite"),
    });
    expect(problems).toMatchObject([{ subject: "driver" }]);
  });

  it("is named when it has no binary for this platform, with the platforms that have one", () => {
    const { opening, problems } = outcomeIn(installed({ ofDriver: "prebuilds" }));
    expect(opening).toMatchObject({
      code: "DRIVER_UNAVAILABLE",
      message: expect.stringContaining("better-sqlite3 does not load"),
      hint: expect.stringMatching(/Linux, macOS and Windows on x64 and arm64.*node-gyp rebuild/),
    });
    expect(problems).toMatchObject([
      { subject: "driver", advice: expect.stringContaining("another backend") },
    ]);
  });

  it("has a binary for each platform that the hint names", () => {
    const { exports } = createRequire(join(driverFolder, "package.json"))("./package.json") as {
      exports: object;
    };
    for (const system of ["linux", "linuxmusl", "darwin", "win32"]) {
      for (const processor of ["x64", "arm64"]) expect(exports).toHaveProperty([`./${system}-${processor}`]);
    }
  });
});

describe("an environment that cannot run the store", () => {
  it("a bundle without the thread's file gets a hint how to bundle", () => {
    const { opening, problems } = outcomeIn(installed({ ofDriver: "nothing", ofPackage: "dist/thread.js" }));
    expect(opening).toMatchObject({
      code: "DRIVER_UNAVAILABLE",
      message: expect.stringContaining("thread.js"),
      hint: expect.stringContaining("--external:@spanstore/sqlite"),
    });
    expect(problems).toMatchObject([{ subject: "driver" }]);
  });

  it("a Node that is too old gets an error before the driver loads", () => {
    const old =
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.11.0' } })";
    const { opening, problems } = outcomeIn(installed(), ["--import", `data:text/javascript,${old}`]);
    expect(opening).toMatchObject({
      code: "DRIVER_UNAVAILABLE",
      message: "Node.js 22.11.0 is too old: spanstore needs 22.12 or newer",
    });
    expect(problems).toHaveLength(1);
  });
});
