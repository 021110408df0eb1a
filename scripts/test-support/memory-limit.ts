import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./processes.js";

/** A bound on memory that the kernel holds a program to: beyond it the program is killed. */
export interface MemoryLimit {
  /** Stands before the program's own command. */
  readonly command: readonly [string, ...string[]];
  /** After the program's end. */
  close(): Promise<void>;
}

/** Control groups of version 1 and of version 2: the folder, and the files that bound memory and swap. */
const hierarchies = [
  { root: "/sys/fs/cgroup/memory", files: ["memory.limit_in_bytes"] },
  { root: "/sys/fs/cgroup", files: ["memory.max"] },
] as const;

/** Undefined where this system, or this user, has no way to bound a program's memory. */
export function limitMemory(bytes: number): MemoryLimit | undefined {
  for (const { root, files } of hierarchies) {
    const folder = join(root, `spanstore-${process.pid}-${Math.random().toString(36).slice(2)}`);
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    try {
      if (!files.every((file) => existsSync(join(folder, file))))
        throw new Error("no control of memory here");
      for (const file of files) writeFileSync(join(folder, file), String(bytes));
      return {
        command: ["sh", "-c", `echo $$ > ${folder}/cgroup.procs && exec "$@"`, "sh"],
        close: async () => {
          await until(
            async () => {
              rmdirSync(folder);
              return true;
            },
            { what: "the end of every process in the group" },
          );
        },
      };
    } catch {
      rmdirSync(folder);
    }
  }
  return undefined;
}

/** The most memory that a process has ever occupied; undefined where the system does not say. */
export function peakMemory(pid: number): number | undefined {
  if (!existsSync("/proc/self/status")) return undefined;
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
