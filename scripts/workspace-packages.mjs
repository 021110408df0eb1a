import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

/** The folders of the workspace's packages, relative to the root, as pnpm-workspace.yaml names them. */
export function packageFolders() {
  const packages = readdirSync(join(root, "packages")).map((name) => `packages/${name}`);
  return [...packages.sort(), "bench", "examples"].filter((folder) =>
    existsSync(join(root, folder, "package.json")),
  );
}

export function manifestOf(folder) {
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
}

/** The folders of the packages that go to the registry. */
export function published() {
  return packageFolders().filter((folder) => manifestOf(folder).private !== true);
}
