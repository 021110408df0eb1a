import { type FileHandle, open } from "node:fs/promises";
import { fileProblem, UsageError } from "@spanstore/grpc-server/program";
import { z } from "zod";
import type { TimeRange } from "./places/source.js";

const nanos = z.string().regex(/^\d+$/).transform(BigInt);
const count = z.number().int().min(0);

const headerSchema = z.object({
  "spanstore-copy": z.literal(1),
  copy: z.record(z.string(), z.string()),
  began: z.string(),
  min: nanos,
  max: nanos,
});

/** The beginning of every header. */
const firstWords = '{"spanstore-copy":1,';

const windowSchema = z.object({
  min: nanos,
  max: nanos,
  spans: count,
  digest: z.string(),
  duplicates: count,
  rejected: count,
  unusable: count,
  verified: z.boolean(),
  missing: count,
  changed: count,
  extra: count,
});

/** The result of a window. */
export type WindowRecord = Readonly<z.output<typeof windowSchema>>;

/** Describes a copy. A copy goes on from a state with the same description only. */
export type CopyIdentity = Readonly<Record<string, string>>;

/** The state of a copy, in a file that outlives it: one line of JSON for each finished window. */
export interface CopyState {
  /** When the first run began. */
  readonly began: string;
  readonly range: TimeRange;
  /** The finished windows, newest first, each with its last record. */
  readonly windows: readonly WindowRecord[];
  /** Resolves when the record is on disk. */
  add(record: WindowRecord): Promise<void>;
  close(): Promise<void>;
}

export interface NewState {
  readonly began: string;
  readonly range: TimeRange;
}

/** A state without a file. */
export function stateInMemory({ began, range }: NewState): CopyState {
  const windows: WindowRecord[] = [];
  return {
    began,
    range,
    windows,
    add: async (record) => {
      note(windows, record);
    },
    close: async () => {},
  };
}

/**
 * Opens the state of a copy, or begins one in a new file.
 * @throws UsageError when the file is the state of another copy, or no state.
 */
export async function openStateFile(
  path: string,
  identity: CopyIdentity,
  fresh: NewState,
): Promise<CopyState> {
  const file = await open(path, "a+")
    .then(async (created) => {
      await created.close();
      return open(path, "r+");
    })
    .catch((error: unknown) => {
      throw new UsageError([`--state: ${fileProblem("write", path, error)}`]);
    });
  try {
    return await readOrBegin(path, file, identity, fresh);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readOrBegin(
  path: string,
  file: FileHandle,
  identity: CopyIdentity,
  fresh: NewState,
): Promise<CopyState> {
  const text = await file.readFile("utf8");
  const lines = text.split("\n");
  // A copy that was killed may leave an unfinished last line, which the next record overwrites.
  const rest = lines.pop() ?? "";
  let end = Buffer.byteLength(text) - Buffer.byteLength(rest);
  const append = async (value: object): Promise<void> => {
    const line = Buffer.from(`${JSON.stringify(value, plain)}\n`);
    await file.write(line, 0, line.length, end);
    await file.datasync();
    end += line.length;
  };
  const windows: WindowRecord[] = [];
  let { began, range } = fresh;
  const [first, ...others] = lines;
  if (first === undefined) {
    if (!rest.startsWith(firstWords) && !firstWords.startsWith(rest)) throw noState(path);
    await file.truncate(0);
    await append({ "spanstore-copy": 1, copy: identity, began, min: range.min, max: range.max });
  } else {
    const header = headerSchema.safeParse(parsed(first));
    if (!header.success) throw noState(path);
    checkIdentity(path, header.data.copy, identity);
    ({ began } = header.data);
    range = { min: header.data.min, max: header.data.max };
    for (const line of others) {
      const record = windowSchema.safeParse(parsed(line));
      if (!record.success || !note(windows, record.data)) throw noState(path);
    }
    if (windows[0] !== undefined && windows[0].max !== range.max) throw noState(path);
    await file.truncate(end);
  }
  return {
    began,
    range,
    windows,
    add: async (record) => {
      note(windows, record);
      await append(record);
    },
    close: () => file.close(),
  };
}

/** Replaces the record of the same window, or appends one that follows the last. @returns false when it does neither. */
function note(windows: WindowRecord[], record: WindowRecord): boolean {
  const before = windows.findIndex(({ min, max }) => min === record.min && max === record.max);
  const last = windows.at(-1);
  if (before >= 0) windows[before] = record;
  else if (last === undefined || record.max === last.min - 1n) windows.push(record);
  else return false;
  return true;
}

function checkIdentity(path: string, there: CopyIdentity, wanted: CopyIdentity): void {
  const names = [...new Set([...Object.keys(there), ...Object.keys(wanted)])];
  const problems = names
    .filter((name) => there[name] !== wanted[name])
    .map(
      (name) =>
        `--state: ${path} is the state of another copy: ${name} is ${there[name] ?? "not given"} there, and ${wanted[name] ?? "not given"} here`,
    );
  if (problems.length > 0) throw new UsageError(problems);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function noState(path: string): UsageError {
  return new UsageError([
    `--state: ${path} is not the state of a copy, or it was changed: name another file, or remove it to start again`,
  ]);
}
