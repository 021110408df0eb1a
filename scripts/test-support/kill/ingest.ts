import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const child = fileURLToPath(new URL("./ingest-child.mjs", import.meta.url));

/** How a process of its own opens a store. */
export interface StoreOpener {
  /** The path of the engine's built package. */
  readonly module: URL;
  /** The function of it, which takes the options. */
  readonly open: string;
  readonly options: object;
}

/**
 * Lets a process write numbered requests until it has acknowledged so many, and kills it there.
 * @param first the number of its first request.
 * @returns the numbers that it acknowledged.
 */
export async function ingestUntilKilled(
  { module, open, options }: StoreOpener,
  first: number,
  requests: number,
): Promise<number[]> {
  const args = [child, module.href, open, JSON.stringify(options), String(first)];
  const process = spawn(globalThis.process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: process.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === requests) process.kill("SIGKILL");
  }
  if (process.exitCode === null && process.signalCode === null) await once(process, "exit");
  if (process.signalCode !== "SIGKILL") throw new Error("the writing process ended by itself");
  return acknowledged;
}
