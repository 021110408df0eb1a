#!/usr/bin/env node
// Makes the next version of all packages of the files in .changeset, and a section of CHANGELOG.md of their words.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onNewEnoughNode } from "../node/rerun.mjs";
import { install } from "../prepare.mjs";
import { root, runPnpm, runTool } from "../run.mjs";
import { manifestOf } from "../workspace-packages.mjs";

process.exitCode = await onNewEnoughNode(async () => {
  await install();
  const words = changesets();
  if (words.length === 0) {
    console.log("There is nothing in .changeset, so there is no new version.");
    return 0;
  }
  const code = await runTool("changeset", ["version"]);
  if (code !== 0) return code;
  const { version } = manifestOf("packages/spanstore");
  const path = join(root, "CHANGELOG.md");
  const section = [`## ${version}`, ...words.map(item)].join("\n\n");
  // Above the newest one.
  writeFileSync(path, readFileSync(path, "utf8").replace(/^## /m, `${section}\n\n## `));
  return runPnpm(["install", "--lockfile-only"]);
});

/** The text of each file, without the packages that it names. */
function changesets() {
  const folder = join(root, ".changeset");
  const files = readdirSync(folder).filter((name) => name.endsWith(".md") && name !== "README.md");
  return files
    .sort()
    .map((name) =>
      /^---\n[\s\S]*?\n---\n([\s\S]*)$/.exec(readFileSync(join(folder, name), "utf8"))?.[1].trim(),
    )
    .filter(Boolean);
}

function item(text) {
  return `- ${text.replaceAll("\n", "\n  ")}`;
}
