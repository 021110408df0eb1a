import { booleanOf, type ParameterNames, type Parameters } from "../wire/parameters.js";

/** The spellings of a parameter: protobuf's JSON name first, then those of older clients. */
export const aliases = {
  startTime: ["startTime", "start_time"],
  endTime: ["endTime", "end_time"],
  rawTraces: ["rawTraces", "raw_traces"],
  spanKind: ["spanKind", "span_kind"],
  "query.serviceName": ["query.serviceName", "query.service_name"],
  "query.operationName": ["query.operationName", "query.operation_name"],
  "query.attributes": ["query.attributes"],
  "query.startTimeMin": ["query.startTimeMin", "query.start_time_min"],
  "query.startTimeMax": ["query.startTimeMax", "query.start_time_max"],
  "query.durationMin": ["query.durationMin", "query.duration_min"],
  "query.durationMax": ["query.durationMax", "query.duration_max"],
  "query.searchDepth": ["query.searchDepth", "query.search_depth", "query.num_traces"],
  "query.rawTraces": ["query.rawTraces", "query.raw_traces"],
} as const satisfies Record<string, readonly string[]>;

export type AliasedName = keyof typeof aliases;

/** All spellings of these parameters. */
export function spellingsOf(names: readonly AliasedName[]): ParameterNames {
  return Object.fromEntries(names.flatMap((name) => aliases[name]).map((spelling) => [spelling, "once"]));
}

/** The spelling that a call uses for a parameter; the first one when the call lacks it. */
export function spellingIn(parameters: Parameters, name: AliasedName): string {
  return aliases[name].find((spelling) => parameters.text(spelling) !== undefined) ?? aliases[name][0];
}

export function textIn(parameters: Parameters, name: AliasedName): string | undefined {
  return parameters.text(spellingIn(parameters, name));
}

export function booleanIn(parameters: Parameters, name: AliasedName): boolean {
  return booleanOf(parameters, spellingIn(parameters, name));
}
