import type { SpanStore } from "@spanstore/core";
import { parseGroups } from "@spanstore/core/otlp";
import { openSqliteStore } from "@spanstore/sqlite";
import { readPlace } from "../../src/copy/places/place.js";
import { allTimes } from "../../src/copy/places/source.js";
import { storeSource } from "../../src/copy/places/store-source.js";
import { type CopyRun, copyBetween, runCopy } from "../../src/copy/run-copy.js";

export interface CopyResult {
  readonly code: number;
  /** Its standard output. */
  readonly output: string;
  /** Its other messages. */
  readonly errors: string;
}

export type CopyGiven = Partial<Omit<CopyRun, "from" | "to">> & {
  readonly fromTenant?: string;
  readonly toTenant?: string;
  readonly fromArchive?: boolean;
  readonly toArchive?: boolean;
};

/** Copies as the command does. */
export function copy(from: string, to: string, given: CopyGiven = {}): Promise<CopyResult> {
  return running(from, to, given, runCopy);
}

/** The same between stores that are open. */
export function copyStores(from: SpanStore, to: SpanStore, given: CopyGiven = {}): Promise<CopyResult> {
  return running("sqlite:a", "sqlite:b", given, (run) =>
    copyBetween(
      run,
      { source: storeSource(from, run.windowSize) },
      { store: to, source: storeSource(to), isPatient: false },
    ),
  );
}

async function running(
  from: string,
  to: string,
  given: CopyGiven,
  work: (run: CopyRun) => Promise<number>,
): Promise<CopyResult> {
  const { fromTenant, toTenant, fromArchive = false, toArchive = false, ...more } = given;
  const place = (flag: "from" | "to", text: string) => {
    const found = readPlace(flag, { place: text, config: undefined }, {});
    if (found === undefined) throw new Error("no place");
    return found;
  };
  const lines: string[] = [];
  let errors = "";
  const code = await work({
    from: { place: place("from", from), tenant: fromTenant, archive: fromArchive },
    to: { place: place("to", to), tenant: toTenant, archive: toArchive },
    range: allTimes,
    rangeAsked: { since: undefined, fromTime: undefined, toTime: undefined },
    stateFile: undefined,
    deadLetters: undefined,
    mode: "copy and verify",
    allowsExtra: false,
    windowSize: 1_000,
    output: {
      line: async (text) => {
        lines.push(text);
      },
    },
    errors: {
      write: (text) => {
        errors += text;
      },
    },
    signal: new AbortController().signal,
    complain: (line) => {
      errors += `${line}\n`;
    },
    ...more,
  });
  return { code, output: lines.join("\n"), errors };
}

/** Every span of a store with what surrounds it, byte for byte, sorted: read by traces and not, as the copy does, by time. */
export async function spansIn(store: SpanStore): Promise<readonly string[]> {
  const ids = new Set<string>();
  for (let token: string | undefined = ""; token !== undefined; ) {
    const page: Awaited<ReturnType<SpanStore["findTraceIds"]>> = await store.findTraceIds({
      page: { size: 1_000, token },
    });
    for (const { traceId } of page.traces) ids.add(traceId);
    token = page.nextPageToken;
  }
  const spans: string[] = [];
  for await (const { encoded } of store.getTraces([...ids])) {
    const text = (raw: readonly number[]): string => {
      const parts: Uint8Array[] = [];
      for (let i = 0; i < raw.length; i += 2) parts.push(encoded.subarray(raw[i], raw[i + 1]));
      return Buffer.concat(parts).toString("base64");
    };
    for (const { resource, scope, spans: ranges } of parseGroups(encoded)) {
      for (let i = 0; i < ranges.length; i += 2) {
        spans.push(`${text(resource.raw)} ${text(scope.raw)} ${text(ranges.slice(i, i + 2))}`);
      }
    }
  }
  return spans.sort();
}

/** The same of a SQLite file. */
export async function spansInFile(path: string, tenant?: string): Promise<readonly string[]> {
  await using store = await openSqliteStore({ path });
  return await spansIn(tenant === undefined ? store : store.forTenant(tenant));
}
