import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import {
  type FilterCall,
  filterFromJson,
  isSpanStoreError,
  parseTraceQl,
  type TraceQuery,
} from "@spanstore/core";
import { messageOf, resolveFilter } from "@spanstore/core/engine";
import { fileProblem, UsageError } from "@spanstore/grpc-server/program";
import { z } from "zod";
import type { CommandFlags, FlagValues } from "./command.js";
import { rangeFlags, readRange, timeSpan } from "./time-flags.js";

/** The flags that select traces. */
export const queryFlags = {
  service: {
    placeholder: "NAME",
    help: "Traces with a span of this service.",
    schema: z.string().min(1, "must not be empty").optional(),
  },
  operation: {
    placeholder: "NAME",
    help: "The span's name.",
    schema: z.string().min(1, "must not be empty").optional(),
  },
  tag: {
    placeholder: "KEY=VALUE",
    help: "An attribute of the span, its resource, scope, events or links. With several, one span must have all.",
    repeated: true,
    schema: z.array(z.string().regex(/^[^=]+=/, "must be KEY=VALUE")),
  },
  "min-duration": {
    placeholder: "TIME",
    help: "Spans that took as long or longer, for example 250ms.",
    schema: timeSpan.optional(),
  },
  "max-duration": {
    placeholder: "TIME",
    help: "Spans that took as long or less.",
    schema: timeSpan.optional(),
  },
  filter: {
    placeholder: "TEXT|@FILE",
    help: "A structured filter in place of the flags above: TraceQL such as { duration > 2s }, or its JSON form.",
    schema: z.string().optional(),
  },
  ...rangeFlags,
} as const satisfies CommandFlags;

/** @throws UsageError with every problem found. */
export function readQuery(flags: FlagValues<typeof queryFlags>): TraceQuery {
  const problems: string[] = [];
  const { range, problems: ofRange } = readRange(flags);
  problems.push(...ofRange);
  const attributes: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const tag of flags.tag) {
    const at = tag.indexOf("=");
    const key = tag.slice(0, at);
    if (key in attributes) problems.push(`--tag names ${JSON.stringify(key)} twice`);
    attributes[key] = tag.slice(at + 1);
  }
  const { "min-duration": min, "max-duration": max } = flags;
  if (min && max && min > max) problems.push("--min-duration is larger than --max-duration");
  let filter: FilterCall | undefined;
  if (flags.filter !== undefined) {
    const beside = (["service", "operation", "min-duration", "max-duration"] as const).filter(
      (name) => flags[name] !== undefined,
    );
    for (const name of flags.tag.length > 0 ? [...beside, "tag"] : beside) {
      problems.push(`--filter stands alone, but --${name} stands beside it`);
    }
    try {
      filter = readFilter(flags.filter);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new UsageError(problems);
  return {
    ...(flags.service ? { service: flags.service } : {}),
    ...(flags.operation ? { operation: flags.operation } : {}),
    ...(flags.tag.length > 0 ? { attributes } : {}),
    ...(min === undefined ? {} : { minDurationNano: min }),
    ...(max === undefined ? {} : { maxDurationNano: max }),
    ...(filter === undefined ? {} : { filter }),
    ...range,
  };
}

/** Recognizes JSON: TraceQL never begins with a brace, a quoted name and a colon. */
const jsonBegins = /^\s*\{\s*"(?:[^"\\]|\\.)*"\s*:/;

function readFilter(given: string): FilterCall {
  if (!given.startsWith("@")) return readFilterText(given, "--filter");
  const file = given.slice(1);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new UsageError([`--filter: ${fileProblem("read", file, error)}`]);
  }
  if (!isUtf8(bytes) || bytes.includes(0)) throw new UsageError([`--filter: ${file} is no text in UTF-8`]);
  return readFilterText(bytes.toString(), `--filter, ${file}`);
}

/** @param name of the text in messages. */
function readFilterText(text: string, name: string): FilterCall {
  return jsonBegins.test(text) ? readJson(text, name) : readTraceQl(text, name);
}

function readTraceQl(text: string, name: string): FilterCall {
  try {
    return parseTraceQl(text, name);
  } catch (error) {
    if (!isSpanStoreError(error)) throw error;
    // The message ends with the line and the caret under the place.
    throw new UsageError([error.hint === undefined ? error.message : `${error.message}\n  ${error.hint}`]);
  }
}

function readJson(text: string, name: string): FilterCall {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UsageError([`${name}: is no JSON: ${messageOf(error)}`]);
  }
  try {
    const filter = filterFromJson(json);
    resolveFilter(filter);
    return filter;
  } catch (error) {
    if (!isSpanStoreError(error)) throw error;
    const advice = error.hint === undefined ? "" : ` (${error.hint})`;
    throw new UsageError([`${name}: ${error.message}${advice}`]);
  }
}
