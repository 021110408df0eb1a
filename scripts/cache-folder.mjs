import { homedir } from "node:os";
import { join } from "node:path";

/** The folder for downloads of the scripts, outside the tree. */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "spanstore");
}
