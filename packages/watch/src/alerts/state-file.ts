import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { SpanStoreError } from "@spanstore/core";
import { messageOf } from "@spanstore/core/engine";
import { z } from "zod";
import type { Alert } from "./alert.js";

/** The alerts of a server, in a file that outlives it. */
export interface StateFile {
  /** The alerts in the file when it was opened. */
  readonly alerts: readonly Alert[];
  /** Replaces the file; resolves when the new one is durable. */
  readonly save: (alerts: readonly Alert[]) => Promise<void>;
}

const texts = z.record(z.string(), z.string());
const stateSchema = z.object({
  "spanstore-watches": z.literal(1),
  alerts: z.array(
    z.object({
      watch: z.string(),
      labels: texts,
      annotations: texts,
      link: z.string().optional(),
      state: z.enum(["pending", "firing", "resolved"]),
      startsAt: z.number(),
      endsAt: z.number().optional(),
      matches: z.number(),
      told: z.record(z.string(), z.object({ state: z.enum(["firing", "resolved"]), at: z.number() })),
    }),
  ),
});

/**
 * Opens or creates the file.
 * @throws INVALID_OPTIONS for a file that cannot be written, or is no state of watches.
 */
export async function openStateFile(path: string): Promise<StateFile> {
  const found = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw unusable(path, error);
  });
  const alerts = found === undefined ? [] : read(path, found);
  const save = (now: readonly Alert[]): Promise<void> =>
    replace(path, `${JSON.stringify({ "spanstore-watches": 1, alerts: now })}\n`);
  // A file that cannot be written fails now, and not at the first alert.
  await save(alerts).catch((error: unknown) => {
    throw unusable(path, error);
  });
  return { alerts, save };
}

function read(path: string, text: string): Alert[] {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    given = undefined;
  }
  const parsed = stateSchema.safeParse(given);
  if (parsed.success)
    return parsed.data.alerts.map((alert) => ({ ...alert, link: alert.link, endsAt: alert.endsAt }));
  throw new SpanStoreError("INVALID_OPTIONS", `${path} is no state of watches, or it was changed`, {
    field: "watch.state",
    hint: "name another file, or remove this one; what fires is then found again, and what was not delivered is lost",
  });
}

/** Replaces the file atomically: after a crash it is the old one or the new one. */
async function replace(path: string, text: string): Promise<void> {
  const next = `${path}.next`;
  const file = await open(next, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function unusable(path: string, error: unknown): SpanStoreError {
  return new SpanStoreError("INVALID_OPTIONS", `cannot use ${path}: ${messageOf(error)}`, {
    field: "watch.state",
    hint: "name a file in a folder that the server may write",
    cause: error,
  });
}
