import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { until } from "./processes.js";

const program = fileURLToPath(new URL("./holder.mjs", import.meta.url));

/** Connections that other processes hold open. */
export interface HeldConnections extends Disposable {
  /** How many were opened, and how many of these the other side has closed. */
  readonly counts: () => { readonly opened: number; readonly closed: number };
  /** Waits until all were opened. */
  readonly allOpened: () => Promise<unknown>;
}

/** How many of them one process holds. */
const ofProcess = 2500;

/**
 * Opens connections to a port of the loopback interface that read nothing.
 * @param beginning what is sent on each; nothing by default.
 */
export function holdConnections(port: number, count: number, beginning = ""): HeldConnections {
  const parts: { opened: number; closed: number }[] = [];
  const children = Array.from({ length: Math.ceil(count / ofProcess) }, (_, i) => {
    parts.push({ opened: 0, closed: 0 });
    const own = Math.min(ofProcess, count - i * ofProcess);
    const child = fork(program, [String(port), String(own), beginning]);
    child.on("message", (told: { opened: number; closed: number }) => {
      parts[i] = told;
    });
    return child;
  });
  const counts = () => ({
    opened: parts.reduce((sum, { opened }) => sum + opened, 0),
    closed: parts.reduce((sum, { closed }) => sum + closed, 0),
  });
  return {
    counts,
    allOpened: () =>
      until(async () => (counts().opened >= count ? true : undefined), {
        what: `${count} connections`,
        timeoutMs: 120_000,
        output: () => JSON.stringify(counts()),
      }),
    [Symbol.dispose]: () => {
      for (const child of children) child.kill("SIGKILL");
    },
  };
}
