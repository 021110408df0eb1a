import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectSpanStore } from "@spanstore/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { describeWithPeer } from "../../scripts/test-support/peers.js";
import { freePorts, programEnvironment, startProgram, until } from "../../scripts/test-support/processes.js";
import { runStage } from "./build.js";
import { lastOf, type Stage, stagesOf, variablesOf } from "./dockerfile.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const text = readFileSync(join(root, "Dockerfile"), "utf8");
const [build, image] = stagesOf(text) as [Stage, Stage];
const main = join(root, "packages/cli/dist/main.js");

describe("the Dockerfile", () => {
  it("has two stages, on images whose version is named", () => {
    expect(stagesOf(text).map(({ image, name }) => [image, name])).toEqual([
      ["node:24-bookworm-slim", "build"],
      ["node:24-bookworm-slim", undefined],
    ]);
  });

  it("builds with the pnpm that the repository pins", () => {
    const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      packageManager: string;
    };
    const pinned = text.match(/\bpnpm@[\w.]+/g) ?? [];
    expect(pinned.length).toBeGreaterThan(2);
    expect(new Set(pinned)).toEqual(new Set([packageManager]));
  });

  it("sets options that the server has, and keeps spans where its volume is", () => {
    const printed = execFileSync(process.execPath, [main, "--print-config"], {
      env: { ...programEnvironment(), ...variablesOf(image) },
      encoding: "utf8",
    });
    const [volume] = lastOf(image, "VOLUME").words;
    expect(parse(printed)).toMatchObject({
      listen: "0.0.0.0:17271",
      admin: "0.0.0.0:17272",
      http: { listen: "0.0.0.0:17286" },
      sqlite: { path: `${volume}/spanstore.sqlite` },
    });
    expect(lastOf(image, "EXPOSE").words).toEqual(["17271", "17272", "17286"]);
  });

  it("runs as a user who is not root, by number", () => {
    expect(lastOf(image, "USER").text).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  it("runs programs, no shell, and the check of its health is a command of the server", () => {
    expect(JSON.parse(lastOf(image, "ENTRYPOINT").text)).toEqual(["spanstore"]);
    const [, command = ""] = /CMD (\[.*\])$/.exec(lastOf(image, "HEALTHCHECK").text) ?? [];
    const [program, ...args] = JSON.parse(command) as string[];
    expect(program).toBe("spanstore");
    expect(spawnSync(process.execPath, [main, ...args, "--help"]).status).toBe(0);
  });
});

describeWithPeer("hadolint", "The Dockerfile", (peer) => {
  it("has nothing that hadolint finds", () => {
    if (!("command" in peer)) throw new Error("hadolint is a program");
    const [program, ...before] = peer.command;
    const { stdout, stderr } = spawnSync(program, [...before, "-"], { input: text, encoding: "utf8" });
    expect(stdout + stderr).toBe("");
  });
});

// Installs and builds again, in a minute: in continuous integration, or on demand.
const builds = Boolean(process.env.CI || process.env.SPANSTORE_IMAGE === "build");

describe.runIf(builds)("the image, built on this machine", () => {
  it("holds a server that runs as nobody, is healthy, keeps spans and stops at SIGTERM", async () => {
    const place = mkdtempSync(join(tmpdir(), "spanstore-image-"));
    onTestFinished(() => rmSync(place, { recursive: true, force: true }));
    await runStage(build, { context: root, root: place });

    const server = join(place, "server");
    expect(megabytes(server)).toBeLessThan(45);
    const data = join(place, "data");
    mkdirSync(data);
    const built = join(server, "dist/main.js");
    let command: [string, ...string[]] = [process.execPath, built];
    if (process.getuid?.() === 0) {
      command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...command];
      chownSync(data, 65534, 65534);
      chmodSync(place, 0o755);
    }
    const [listen, admin] = await freePorts(2);
    const env = {
      ...variablesOf(image),
      SPANSTORE_LISTEN: `127.0.0.1:${listen}`,
      SPANSTORE_ADMIN: `0.0.0.0:${admin}`,
      SPANSTORE_SQLITE_PATH: join(data, "spanstore.sqlite"),
      HOME: "/nonexistent",
    };
    const program = startProgram(command, [], env);
    onTestFinished(async () => void (await program.stop()));
    const isHealthy = async () =>
      spawnSync(command[0], [...command.slice(1), "health"], { env: { ...programEnvironment(), ...env } })
        .status === 0
        ? true
        : undefined;
    await until(isHealthy, {
      what: "the health check of the image",
      timeoutMs: 120_000,
      output: program.output,
    });

    await using store = connectSpanStore(`127.0.0.1:${listen}`);
    const traceId = "ab".repeat(16);
    await store.write({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "image" } }] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId,
                  spanId: "cd".repeat(8),
                  name: "built",
                  startTimeUnixNano: 1_800_000_000_000_000_000n,
                  endTimeUnixNano: 1_800_000_000_000_000_001n,
                },
              ],
            },
          ],
        },
      ],
    });
    expect(await store.getServices()).toEqual(["image"]);
    await store.close();
    expect(statSync(join(data, "spanstore.sqlite")).size).toBeGreaterThan(0);
    expect(await program.stop()).toBe(0);
    expect(await isHealthy()).toBeUndefined();
  }, 600_000);
});

function megabytes(folder: string): number {
  // Newer Nodes go through links, too, so that a file is met by several paths.
  const sizes = new Map<number, number>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { ino, size } = statSync(join(entry.parentPath, entry.name));
    sizes.set(ino, size);
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0) / 2 ** 20;
}
