#!/usr/bin/env node
// Builds and checks all packages, and publishes those whose version the registry does not have. Arguments are
// pnpm's: `npm run release -- --dry-run`.

import { onNewEnoughNode } from "../node/rerun.mjs";
import { root, run, runPnpm, runTool } from "../run.mjs";

process.exitCode = await onNewEnoughNode(async () => {
  const args = process.argv.slice(2);
  const checked = await run(process.execPath, ["scripts/workspace.mjs", "packages"], { cwd: root });
  if (checked !== 0) return checked;
  process.env.SPANSTORE_RELEASE = "all";
  const published = await runPnpm(["--recursive", "publish", "--access=public", ...args]);
  if (published !== 0 || args.includes("--dry-run")) return published;
  return runTool("changeset", ["git-tag"]);
});
