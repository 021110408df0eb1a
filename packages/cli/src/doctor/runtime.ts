import { availableParallelism, totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";
import type { Finding } from "@spanstore/core/engine";
import { formatSize } from "@spanstore/core/text";
import { type Config, memoryBound } from "@spanstore/grpc-server/program";

/** This program is younger, so a clock that shows an earlier time is wrong. */
const earliestNow = Date.UTC(2026, 0, 1);

/** Findings of the process itself: Node.js, memory, clock. */
export function diagnoseRuntime(config: Config): Finding[] {
  return [nodeFinding(), memoryFinding(config["limits.waiting-bytes"]), clockFinding(Date.now())];
}

function nodeFinding(): Finding {
  const { platform, arch, versions } = process;
  const text = `Node.js ${versions.node} on ${platform} ${arch}, ${availableParallelism()} CPUs`;
  return { level: "ok", subject: "node", text };
}

function memoryFinding(waitingBytes: number): Finding {
  const constrained = process.constrainedMemory();
  // Without a limit the kernel reports more memory than any machine has.
  const available = constrained > 0 && constrained < totalmem() ? constrained : totalmem();
  const heap = getHeapStatistics().heap_size_limit;
  const text = `${formatSize(available)} for this process, of which ${formatSize(heap)} for JavaScript; up to ${formatSize(waitingBytes)} of requests wait to be written`;
  if (memoryBound(waitingBytes) > available) {
    return {
      level: "warning",
      subject: "memory",
      text,
      advice: "give the process more memory, or lower --limits.waiting-bytes",
    };
  }
  return { level: "ok", subject: "memory", text };
}

function clockFinding(now: number): Finding {
  const text = new Date(now).toISOString();
  return now < earliestNow
    ? {
        level: "problem",
        subject: "clock",
        text: `${text} is long past`,
        advice: "set this machine's clock: retention and searches of the last hour go by it",
      }
    : { level: "ok", subject: "clock", text };
}
