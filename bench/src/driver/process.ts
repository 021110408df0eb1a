import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Linux counts processor time in ticks of this many to the second. */
const ticksPerSecond = 100;

/** Process ids; undefined when they are not known. */
export type Processes = readonly number[] | undefined;

/** The processes and all their living descendants. */
function processTree(pids: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    const candidate = Number(entry);
    if (!Number.isInteger(candidate)) continue;
    const parent = statFields(candidate)?.[1];
    if (parent === undefined) continue;
    children.set(Number(parent), [...(children.get(Number(parent)) ?? []), candidate]);
  }
  const tree: number[] = [];
  const queue = [...pids];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    tree.push(next);
    queue.push(...(children.get(next) ?? []));
  }
  return tree;
}

/** The fields of /proc/PID/stat behind the command name: state first, then the parent's id. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/**
 * Processor seconds, user and system, that the processes have used with all their threads, living
 * descendants and those children they have waited for; NaN where they are not known.
 */
export function cpuSeconds(pids: Processes): number {
  if (pids === undefined) return Number.NaN;
  let ticks = 0;
  for (const member of processTree(pids)) {
    const fields = statFields(member);
    if (fields === undefined) continue;
    for (const index of [11, 12, 13, 14]) ticks += Number(fields[index]);
  }
  return ticks / ticksPerSecond;
}

/** Resident bytes of the processes and their descendants: now, and the highest since the last {@link resetPeak}. */
export function residentBytes(pids: Processes): { readonly now: number; readonly peak: number } {
  if (pids === undefined) return { now: Number.NaN, peak: Number.NaN };
  let now = 0;
  let peak = 0;
  for (const member of processTree(pids)) {
    let status: string;
    try {
      status = readFileSync(`/proc/${member}/status`, "latin1");
    } catch {
      continue;
    }
    now += kibibytes(status, "VmRSS");
    peak += kibibytes(status, "VmHWM");
  }
  return { now: now * 1024, peak: peak * 1024 };
}

function kibibytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
}

/** Resets the peak of resident memory; says whether the system allowed it. */
export function resetPeak(pids: Processes): boolean {
  if (pids === undefined) return false;
  try {
    for (const member of processTree(pids)) writeFileSync(`/proc/${member}/clear_refs`, "5");
    return true;
  } catch {
    return false;
  }
}

/** Waits until the processes use less than a twentieth of a core over a second, at most `limitSeconds`. */
export async function settle(pids: Processes, limitSeconds: number): Promise<void> {
  if (pids === undefined) return;
  const deadline = Date.now() + limitSeconds * 1000;
  let before = cpuSeconds(pids);
  while (Date.now() < deadline) {
    await delay(1000);
    const now = cpuSeconds(pids);
    if (now - before <= 0.05) return;
    before = now;
  }
}

/** Bytes that the files below `directory` occupy on disk, once all that was written has its place there. */
export function diskBytes(directory: string): number {
  execFileSync("sync", ["--file-system", directory]);
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    // An engine at work removes files at any time.
    if (entry.isFile()) {
      bytes += (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.blocks ?? 0) * 512;
    }
  }
  return bytes;
}
