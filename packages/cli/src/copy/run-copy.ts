import { messageOf } from "@spanstore/core/engine";
import { counted } from "@spanstore/core/text";
import { UsageError } from "@spanstore/grpc-server/program";
import type { Output } from "../calling/output.js";
import type { ErrorStream } from "../calling/streams.js";
import { type PatienceOptions, patienceMillis } from "../transfer/patience.js";
import { copySpans, differs } from "./copy-spans.js";
import { type DeadLetters, deadLettersInFile, deadLettersShown } from "./dead-letters.js";
import { digestOf } from "./digest.js";
import { type OpenSource, type OpenTarget, openSource, openTarget, type Space } from "./places/open-place.js";
import type { Place } from "./places/place.js";
import type { TimeRange } from "./places/source.js";
import { createProgress } from "./progress.js";
import { readSteadily } from "./read-steadily.js";
import { differenceLines, rangeText, spanCount, timeText, totalsOf } from "./report.js";
import { type CopyIdentity, type CopyState, openStateFile, stateInMemory } from "./state-file.js";

export interface CopyRun {
  readonly from: Side;
  readonly to: Side;
  readonly range: TimeRange;
  /** The range of the flags, in nanoseconds. The state compares these, since `since` means another time in each run. */
  readonly rangeAsked: {
    readonly since: bigint | undefined;
    readonly fromTime: bigint | undefined;
    readonly toTime: bigint | undefined;
  };
  readonly stateFile: string | undefined;
  readonly deadLetters: string | undefined;
  readonly mode: "copy" | "copy and verify" | "verify";
  readonly allowsExtra: boolean;
  readonly windowSize: number;
  readonly output: Pick<Output, "line">;
  /** The stream for progress and differences. */
  readonly errors: ErrorStream;
  readonly signal: AbortSignal;
  readonly complain: (line: string) => void;
}

export interface Side extends Space {
  readonly place: Place;
}

/** Copies or compares, and returns the exit code. */
export async function runCopy(run: CopyRun): Promise<number> {
  const { from, to, complain } = run;
  if (sideText(from) === sideText(to)) throw new UsageError(["--from and --to are the same place"]);
  const source = await openSource(from.place, from, run.windowSize, complain);
  try {
    const target = await openTarget(to.place, to, run.mode !== "verify", complain);
    try {
      return await copyBetween(run, source, target);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** The same between open places. */
export async function copyBetween(
  run: CopyRun,
  { source }: Pick<OpenSource, "source">,
  target: Omit<OpenTarget, "close">,
): Promise<number> {
  const { output, mode, stateFile } = run;
  const fresh = { began: new Date().toISOString(), range: run.range };
  const state =
    stateFile === undefined ? stateInMemory(fresh) : await openStateFile(stateFile, identityOf(run), fresh);
  const isVerify = mode === "verify";
  const progress = createProgress(run.errors, isVerify ? "compared" : "copied");
  let failing = "";
  const done = (spans: number): void => {
    failing = "";
    progress.done(spans);
  };
  const retry: PatienceOptions = {
    millis: patienceMillis,
    signal: run.signal,
    failed: (error) => {
      // Shows each error once, not at every attempt.
      if (messageOf(error) !== failing) progress.line(`spanstore: ${messageOf(error)}; trying again`);
      failing = messageOf(error);
    },
  };
  let letters: DeadLetters | undefined;
  /** Spans that cannot be copied and belong to no window. */
  let unplaced = 0;
  try {
    letters =
      run.deadLetters === undefined
        ? deadLettersShown(progress.line)
        : await deadLettersInFile(run.deadLetters);
    const { add } = letters;
    const before = totalsOf(state.windows);
    if (before.windows > 0) {
      progress.line(`going on: ${spanCount(before.spans)} in ${counted(before.windows, "window")} are done`);
    }
    await copySpans({
      source,
      target,
      state,
      windowSize: run.windowSize,
      writes: !isVerify,
      verifies: mode !== "copy",
      retry,
      on: {
        read: (spans, oldest) => {
          progress.reached(oldest);
          if (isVerify) done(spans);
        },
        written: done,
        windowDone: (record, examples) => {
          if (run.allowsExtra && !differs(record)) return;
          for (const line of differenceLines(record, examples)) progress.line(line);
        },
        unusable: add,
        unplaced: (what) => {
          unplaced++;
          add(what);
        },
      },
    });
    progress.end();
    for (const line of resultLines(run, state, unplaced)) await output.line(line);
    if (!isVerify) await tellNewest(run, source, state, retry);
  } finally {
    progress.end();
    await letters?.close();
    await state.close();
  }
  return isComplete(run, state, unplaced) ? 0 : 1;
}

function isComplete({ allowsExtra }: CopyRun, { windows }: CopyState, unplaced: number): boolean {
  const { missing, changed, extra, rejected, unusable } = totalsOf(windows);
  return missing + changed + rejected + unusable + unplaced + (allowsExtra ? 0 : extra) === 0;
}

function resultLines({ from, to, mode, deadLetters }: CopyRun, state: CopyState, unplaced: number): string[] {
  const totals = totalsOf(state.windows);
  const { spans, windows, missing, changed, extra, duplicates, rejected } = totals;
  const unusable = totals.unusable + unplaced;
  const lines = [
    `${mode === "verify" ? "compared" : "copied"}  ${spanCount(spans)} of ${sideText(from)} ${mode === "verify" ? "with" : "to"} ${sideText(to)}, ${rangeText(state.range)}`,
  ];
  if (mode !== "copy") {
    const differing = state.windows.filter((record) => differs(record) || record.extra > 0);
    const said = `${missing} missing, ${changed} changed, ${extra} extra`;
    lines.push(
      differing.length === 0
        ? `verified  ${counted(windows, "window")}, the same spans on both sides, digest ${totals.digest}`
        : `differs  ${differing.length} of ${counted(windows, "window")}: ${said}`,
      ...differing.slice(0, maxWindowLines).map((record) => `  ${differenceLines(record, [])[0]}`),
    );
  }
  if (spans + rejected + unusable === 0) lines.push("empty  nothing was found there: is it the right place?");
  if (duplicates > 0) lines.push(`passed over  ${spanCount(duplicates)} that the source has twice`);
  if (rejected + unusable > 0) {
    const where = deadLetters === undefined ? "shown above" : `in ${deadLetters}`;
    lines.push(`dead letters  ${spanCount(rejected + unusable)} can never be stored: ${where}`);
  }
  return lines;
}

const maxWindowLines = 50;

/** The copy lacks spans that reach the source meanwhile. This reads the newest window again and reports them. */
async function tellNewest(
  { output }: CopyRun,
  source: OpenSource["source"],
  state: CopyState,
  retry: PatienceOptions,
): Promise<void> {
  const newest = state.windows[0];
  if (newest === undefined) return;
  const contents = new Set<string>();
  for await (const { spans } of readSteadily(source, newest, retry)) {
    for (const { content } of spans) contents.add(content);
  }
  const more = contents.size - newest.spans - newest.rejected;
  const isSame = more === 0 && (newest.rejected > 0 || digestOf(contents) === newest.digest);
  const since = timeText(newest.min);
  await output.line(
    isSame
      ? `newest window  ${rangeText(newest)}: the source has nothing more now; what it got after ${state.began} for other times is not in the copy`
      : `newest window  ${rangeText(newest)}: the source has ${more > 0 ? `${spanCount(more)} more` : "other spans"} now; copy them with --from-time=${since} and another --state`,
  );
}

function identityOf({ from, to, rangeAsked, mode }: CopyRun): CopyIdentity {
  const { since, fromTime, toTime } = rangeAsked;
  return {
    from: sideText(from),
    to: sideText(to),
    mode,
    ...(since !== undefined && { since: `${since} ns` }),
    ...(fromTime !== undefined && { "from-time": timeText(fromTime) }),
    ...(toTime !== undefined && { "to-time": timeText(toTime) }),
  };
}

function sideText({ place, tenant, archive }: Side): string {
  const parts = [place.name];
  if (tenant !== undefined) parts.push(`tenant ${JSON.stringify(tenant)}`);
  if (archive) parts.push("archive");
  return parts.join(", ");
}
