import { counted, formatCount, formatSize } from "@spanstore/core/text";
import type { Note } from "./spans/read-spans.js";

/** The report prints this many problems and counts the rest. */
const mostComplaints = 20;

/** Counts the spans and findings of an import, and prints them. */
export interface ImportReport {
  /** Counts bytes and spans that were read. */
  read(bytes: number, spans: number): void;
  /** Counts spans that are durable. */
  stored(spans: number): void;
  /** Counts spans that the store had already. */
  skipped(spans: number): void;
  /** Reports a part that was skipped, with this number of spans or more. */
  fault(message: string, spans: number): void;
  /** Reports spans that can never be stored. */
  rejected(spans: number, reason: string): void;
  /** Reports that the store does not accept spans now. */
  waiting(reason: string): void;
  note(note: Note, place: string): void;
  /** The progress so far. */
  progress(size: number | undefined): string;
  /** The counts of the whole import in one line. */
  totals(): string;
  /** Whether the store lacks a part of the input. */
  readonly isIncomplete: boolean;
}

/** @param complain writes a line for people. */
export function createImportReport(isDryRun: boolean, complain: (line: string) => void): ImportReport {
  const startedAt = Date.now();
  let bytes = 0;
  let read = 0;
  let stored = 0;
  let skipped = 0;
  let faults = 0;
  let faultySpans = 0;
  let rejected = 0;
  let failures = 0;
  let complaints = 0;
  let isWaiting = false;
  const noted = {
    signal: new Map<string, number>(),
    empty: new Map<string, number>(),
    unknown: new Map<string, number>(),
  };
  const tell = (line: string): void => {
    complaints++;
    if (complaints <= mostComplaints) complain(line);
    else if (complaints === mostComplaints + 1) complain("more of that is not shown, but counted");
  };
  const namesOf = (counts: ReadonlyMap<string, number>): string =>
    [...counts].map(([name, count]) => `${formatCount(count)} ${name}`).join(", ");
  return {
    read(moreBytes, moreSpans) {
      bytes += moreBytes;
      read += moreSpans;
    },
    stored(spans) {
      stored += spans;
      isWaiting = false;
    },
    skipped(spans) {
      skipped += spans;
    },
    fault(message, spans) {
      faults++;
      faultySpans += spans;
      tell(message);
    },
    rejected(spans, reason) {
      rejected += spans;
      tell(`${counted(spans, "span")} cannot be stored: ${reason}`);
    },
    waiting(reason) {
      if (!isWaiting) tell(`waiting for the store: ${reason}`);
      isWaiting = true;
    },
    note(note, place) {
      if (note.kind === "nothing") {
        tell(note.text);
      } else if (note.kind === "failure") {
        failures++;
        tell(`${place}: the answer says that something failed: ${note.text}`);
      } else {
        const counts = noted[note.kind];
        const before = counts.get(note.name) ?? 0;
        // Bounded: a file may have any number of unknown names.
        if (before > 0 || counts.size < mostComplaints) counts.set(note.name, before + 1);
      }
    },
    progress(size) {
      const share =
        size === undefined || size === 0 ? "" : ` (${Math.min(100, Math.floor((bytes / size) * 100))} %)`;
      return `${counted(read, "span")}, ${formatSize(bytes)}${share}`;
    },
    totals() {
      const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
      const what = isDryRun ? `read ${counted(read, "span")}` : `imported ${counted(stored, "span")}`;
      const { signal, empty, unknown } = noted;
      const more = [
        skipped > 0 && `${counted(skipped, "span")} skipped, which the store has already`,
        faults > 0 &&
          `${counted(faults, "fault")} passed over${faultySpans > 0 ? `, with ${counted(faultySpans, "span")} or more` : ""}`,
        rejected > 0 && `${formatCount(rejected)} that cannot be stored`,
        signal.size > 0 && `no traces, and left out: ${namesOf(signal)}`,
        empty.size > 0 && `without spans: ${namesOf(empty)}`,
        unknown.size > 0 && `not known to OTLP, and left out: ${namesOf(unknown)}`,
      ];
      return [`${what}, ${formatSize(bytes)} in ${seconds} s`, ...more.filter((part) => part !== false)].join(
        "; ",
      );
    },
    get isIncomplete() {
      return faults + rejected + failures > 0;
    },
  };
}
