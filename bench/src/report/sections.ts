import { isRefused } from "../driver/measure.js";
import type { Latency } from "../driver/samples.js";
import { agreementText, type SearchRow } from "../phases/searches.js";
import type { TargetResult } from "../run.js";
import { comparison, type Measure, markdownTable, megabytes, millis, thousands } from "./table.js";

type Rows = (result: TargetResult) => readonly SearchRow[] | undefined;

function rowNames(results: readonly TargetResult[], rows: Rows): string[] {
  return [...new Set(results.flatMap((result) => (rows(result) ?? []).map((row) => row.name)))];
}

function rowOf(result: TargetResult, rows: Rows, name: string): SearchRow | undefined {
  return rows(result)?.find((row) => row.name === name);
}

export function ingestSection(results: readonly TargetResult[]): string | undefined {
  const combinations = results.find((result) => result.ingest !== undefined)?.ingest?.rows ?? [];
  const measures = combinations.flatMap(({ connections, batchSpans }, index): Measure[] => {
    const label = `${connections} connection${connections === 1 ? "" : "s"}, batches of ${batchSpans}`;
    const row = (result: TargetResult) => result.ingest?.rows[index];
    return [
      numeric(`${label}: spans/s`, "more", (result) => row(result)?.spansPerSecond, thousands),
      numeric(
        `${label}: server CPU s per million spans`,
        "less",
        (r) => row(r)?.cpuSecondsPerMillion,
        (n) => n.toFixed(1),
      ),
      latencyMeasure(`${label}: Export p50 / p99, ms`, (result) => row(result)?.latency),
    ];
  });
  return comparison("ingest", results, [
    ...measures,
    numeric("all of it: spans per server CPU second", "more", (r) => r.ingest?.spansPerCpuSecond, thousands),
    numeric("resident memory at most", "less", (r) => r.ingest?.peakResidentBytes, megabytes),
    numeric(
      "disk, bytes a span, index included",
      "less",
      (r) => r.restart?.diskBytesPerSpan,
      (n) => n.toFixed(0),
    ),
  ]);
}

function numeric(
  label: string,
  better: "more" | "less",
  number: (result: TargetResult) => number | undefined,
  format: (value: number) => string,
): Measure {
  return {
    label,
    better,
    number,
    cell: (result) => {
      const value = number(result);
      return value === undefined || Number.isNaN(value) ? undefined : format(value);
    },
  };
}

function latencyCell(latency: Latency): string {
  return `${millis(latency.p50)} / ${millis(latency.p99)}`;
}

function latencyMeasure(label: string, latency: (result: TargetResult) => Latency | undefined): Measure {
  return {
    label,
    better: "less",
    cell: (result) => {
      const found = latency(result);
      return found === undefined ? undefined : latencyCell(found);
    },
    number: (result) => latency(result)?.p50,
  };
}

/** p50 / p99 of each kind of search. */
export function latencySection(
  first: string,
  results: readonly TargetResult[],
  rows: Rows,
): string | undefined {
  return comparison(
    first,
    results,
    rowNames(results, rows).map((name): Measure => {
      const answered = (result: TargetResult) => {
        const row = rowOf(result, rows, name);
        return row === undefined || "refused" in row ? undefined : row;
      };
      return {
        label: name,
        better: "less",
        cell: (result) => {
          const row = rowOf(result, rows, name);
          if (row === undefined) return undefined;
          if ("refused" in row) return "refused";
          const other = row.agreement !== undefined && row.agreement.overlap < 0.95;
          return latencyCell(row.latency) + (other ? " †" : "");
        },
        number: (result) => answered(result)?.latency.p50,
      };
    }),
  );
}

export function cpuSection(results: readonly TargetResult[], rows: Rows): string | undefined {
  return comparison(
    "server CPU ms a call",
    results,
    rowNames(results, rows).map((name) =>
      numeric(
        name,
        "less",
        (result) => {
          const row = rowOf(result, rows, name);
          return row === undefined || "refused" in row ? undefined : row.cpuMilliseconds;
        },
        millis,
      ),
    ),
  );
}

/** How the answers compare with the data set, and the peers' with ours. */
export function answersSection(results: readonly TargetResult[], rows: Rows): string | undefined {
  const names = rowNames(results, rows);
  if (names.length === 0) return undefined;
  const ours = results.find((result) => result.ours);
  const body = names.map((name) => [
    name,
    ...results.map((result) => {
      const row = rowOf(result, rows, name);
      if (row === undefined) return "–";
      if ("refused" in row) return `refused: ${row.refused}`;
      const text = row.agreement === undefined ? (row.verdict ?? "") : agreementText(row.agreement);
      const mine = ours === undefined || ours === result ? undefined : rowOf(ours, rows, name);
      return text + sameAsOurs(mine, row);
    }),
  ]);
  return markdownTable(["answers", ...results.map(({ name }) => name)], body);
}

function sameAsOurs(mine: SearchRow | undefined, theirs: SearchRow): string {
  if (mine === undefined || "refused" in mine || "refused" in theirs) return "";
  if (mine.ids === undefined || theirs.ids === undefined) return "";
  const both = theirs.ids
    .map((ids, index) => [ids, mine.ids?.[index]] as const)
    .filter(([, own]) => own !== undefined);
  const same = both.filter(([ids, own]) => [...ids].sort().join() === [...(own ?? [])].sort().join());
  return `; ${same.length} of ${both.length} the same traces as ours`;
}

export function dependenciesSection(results: readonly TargetResult[]): string | undefined {
  const known = (result: TargetResult) =>
    result.dependencies === undefined || isRefused(result.dependencies) ? undefined : result.dependencies;
  return comparison("dependencies", results, [
    numeric("first asked, ms", "less", (r) => known(r)?.firstMilliseconds, millis),
    latencyMeasure("again, after every 1,000 newer spans: p50 / p99, ms", (r) => known(r)?.later),
    {
      label: "answers",
      cell: (r) => {
        const found = known(r);
        if (found === undefined) return r.dependencies === undefined ? undefined : "refused";
        return `${found.exact} of ${found.asked} exact, ${(found.counted * 100).toFixed(1)} % of the calls`;
      },
    },
  ]);
}

export function largeSection(results: readonly TargetResult[]): string | undefined {
  const middle = (result: TargetResult) =>
    result.large === undefined || isRefused(result.large.middle) ? undefined : result.large.middle;
  const huge = (result: TargetResult) =>
    result.large === undefined || isRefused(result.large.huge) ? undefined : result.large.huge;
  const whole = (complete: boolean | undefined) =>
    complete === undefined ? undefined : complete ? "whole" : "not whole";
  return comparison("large traces", results, [
    latencyMeasure("10,000 spans by id: p50 / p99, ms", (r) => middle(r)?.latency),
    { label: "10,000 spans by id: answer", cell: (r) => whole(middle(r)?.complete) },
    numeric(
      "200,000 spans by id: seconds",
      "less",
      (r) => huge(r)?.seconds,
      (n) => n.toFixed(2),
    ),
    numeric(
      "200,000 spans by id: first message, s",
      "less",
      (r) => huge(r)?.firstMessageSeconds,
      (n) => n.toFixed(3),
    ),
    numeric("200,000 spans by id: memory grown by", "less", (r) => huge(r)?.grownBytes, megabytes),
    numeric(
      "200,000 spans by id, slow reader: memory grown by",
      "less",
      (r) => huge(r)?.grownBytesSlowReader,
      megabytes,
    ),
    { label: "200,000 spans by id: answer", cell: (r) => whole(huge(r)?.complete) },
  ]);
}

export function restartSection(results: readonly TargetResult[]): string | undefined {
  return comparison("restart", results, [
    numeric(
      "SIGTERM to exit, s",
      "less",
      (r) => r.restart?.stopSeconds,
      (n) => n.toFixed(2),
    ),
    numeric(
      "start to first answer, s",
      "less",
      (r) => r.restart?.readySeconds,
      (n) => n.toFixed(2),
    ),
    {
      label: "searches by service afterwards",
      cell: (r) => {
        const row = r.restart?.search;
        if (row === undefined) return undefined;
        if ("refused" in row) return "refused";
        return row.agreement === undefined ? undefined : agreementText(row.agreement);
      },
    },
  ]);
}

export function scaleSection(result: TargetResult): string | undefined {
  const { scale } = result;
  if (scale === undefined) return undefined;
  const rows = scale.rows.map((row) => [
    row.name,
    latencyCell(row.small) ?? "",
    latencyCell(row.large) ?? "",
    (row.large.p50 / row.small.p50).toFixed(2),
    row.compared === 0 ? "–" : `${row.same} of ${row.compared}`,
    row.exact,
  ]);
  const head = [
    `${result.name}: p50 / p99, ms`,
    "the data set",
    `${scale.factor} times the spans`,
    "p50 ratio",
    "same newest traces",
    `exact on ${scale.factor} times`,
  ];
  const disk =
    scale.diskBytesPerSpan === undefined ? "" : `, ${scale.diskBytesPerSpan.toFixed(0)} bytes a span on disk`;
  const rate = `${thousands(scale.spans)} spans were written at ${thousands(scale.ingestSpansPerSecond)} spans/s${disk}.`;
  return `${markdownTable(head, rows)}\n\n${rate}`;
}

export function loadNote(result: TargetResult): string | undefined {
  const { load } = result;
  if (load === undefined) return undefined;
  return `- ${result.name}: ${thousands(load.target)} spans/s asked for, ${thousands(load.achieved)} written, ${thousands(load.spansAfter)} spans stored at the end`;
}

/** Spans written one by one over storage.v1, and traces read over it. */
export function writeSpanSection(results: readonly TargetResult[]): string | undefined {
  const names = results.find((result) => result.writeSpan !== undefined)?.writeSpan?.rows ?? [];
  const measures = names.flatMap(({ name }, index): Measure[] => {
    const row = (result: TargetResult) => {
      const found = result.writeSpan?.rows[index];
      return found === undefined || "refused" in found ? undefined : found;
    };
    return [
      {
        ...numeric(`${name}: spans/s`, "more", (result) => row(result)?.spansPerSecond, thousands),
        cell: (result) => {
          const found = result.writeSpan?.rows[index];
          if (found === undefined) return undefined;
          return "refused" in found ? "refused" : thousands(found.spansPerSecond);
        },
      },
      numeric(
        `${name}: server CPU s per million spans`,
        "less",
        (result) => row(result)?.cpuSecondsPerMillion,
        (n) => n.toFixed(1),
      ),
      latencyMeasure(`${name}: p50 / p99, ms`, (result) => row(result)?.latency),
    ];
  });
  const getTrace = (result: TargetResult) => {
    const read = result.writeSpan?.getTrace;
    return read === undefined || isRefused(read) ? undefined : read;
  };
  return comparison("storage.v1", results, [
    ...measures,
    latencyMeasure("GetTrace: p50 / p99, ms", (result) => getTrace(result)?.latency),
    numeric("GetTrace: server CPU ms", "less", (result) => getTrace(result)?.cpuMilliseconds, millis),
    { label: "GetTrace: whole traces", cell: (result) => result.writeSpan?.whole },
  ]);
}
