import { existsSync } from "node:fs";
import { join } from "node:path";
import { root, runPnpmQuietly } from "../run.mjs";
import { manifestOf, published } from "../workspace-packages.mjs";

/** Packs every package as it would be published; the tarballs by the packages' names. */
export async function packAll(folder) {
  const filters = published().map((each) => `--filter=./${each}`);
  const { code, output } = await runPnpmQuietly([
    "--recursive",
    ...filters,
    "pack",
    "--pack-destination",
    folder,
  ]);
  const tarballs = new Map(
    published().map((each) => {
      const { name, version } = manifestOf(each);
      return [name, join(folder, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`)];
    }),
  );
  const missing = [...tarballs.values()].filter((path) => !existsSync(path));
  if (code !== 0 || missing.length > 0) throw new Error(`packing failed, without ${missing}:\n${output}`);
  return tarballs;
}

/** All names by which the published packages can be imported, such as @spanstore/core/engine. */
export function entryPoints() {
  return published().flatMap((folder) => {
    const { name, exports } = manifestOf(folder);
    const typed = Object.entries(exports).filter(([, target]) => target.types !== undefined);
    return typed.map(([subpath]) => `${name}${subpath.slice(1)}`);
  });
}

/** The externals that the READMEs of the packages name for bundlers. */
export const externals = ["@spanstore/sqlite", "@spanstore/manticore"];

export const quickstart = join(root, "examples/quickstart/quickstart.ts");
