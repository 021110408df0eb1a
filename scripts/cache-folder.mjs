import { homedir } from "node:os";
import { join } from "node:path";

/** Where the scripts keep what is no part of the tree. */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "spanstore");
}
