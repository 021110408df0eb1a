#!/usr/bin/env node
// Runs the tests under Node 24, whatever Node this is; arguments are vitest's. SQLite's native part is
// built for one version of Node, so this happens in a copy of the tree. It is kept: the next run installs
// and builds what has changed.

import { mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { cacheFolder } from "./cache-folder.mjs";
import { copyTree } from "./node24/copy-tree.mjs";
import { installNode24, version } from "./node24/install.mjs";
import { locked } from "./node24/lock.mjs";
import { root, run } from "./run.mjs";

const folder = join(cacheFolder(), `node-${version}`);
const copy = join(folder, "tree");
mkdirSync(folder, { recursive: true });

process.exitCode = await locked(join(folder, "lock"), async () => {
  const installed = await installNode24(folder);
  if (installed === undefined) {
    console.error("\n*** NODE 24 COULD NOT BE HAD, SO NOTHING WAS TESTED UNDER IT. What npm said is above.");
    return 1;
  }
  const { node, headers } = installed;
  copyTree(root, copy);
  console.log(`Node ${version} in ${copy}`);
  const env = {
    ...process.env,
    PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
    npm_config_nodedir: headers,
    // Its cache of native builds does not tell with which headers they were made.
    pnpm_config_side_effects_cache: "false",
  };
  const args = [join(copy, "scripts/workspace.mjs"), "test", ...process.argv.slice(2)];
  return run(node, args, { cwd: copy, env });
});
