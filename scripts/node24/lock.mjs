import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

const retryMs = 500;

/** Runs the task while no other process does so under the same lock file; waits for its turn. */
export async function locked(path, task) {
  for (let told = false; !taken(path); told = true) {
    if (!told) console.log(`Another run holds ${path}; waiting for its end.`);
    await setTimeout(retryMs);
  }
  try {
    return await task();
  } finally {
    rmSync(path, { force: true });
  }
}

function taken(path) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    // Appears with its content, or fails because there is one.
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  } finally {
    rmSync(own);
  }
  // A run that was killed leaves its lock behind.
  const pid = holder(path);
  if (pid !== undefined && !isAlive(pid)) rmSync(path, { force: true });
  return false;
}

function holder(path) {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
