import { and, type FilterCall, formatTraceQl, isSpanStoreError, parseTraceQl, span } from "@spanstore/core";

export interface Fault {
  readonly message: string;
  readonly hint: string | undefined;
}

/** The fault of a filter; undefined for a valid one. */
export function faultOf(text: string): Fault | undefined {
  if (text === "") return undefined;
  try {
    parseTraceQl(text);
    return undefined;
  } catch (error) {
    if (!isSpanStoreError(error)) throw error;
    return { message: error.message.replace(/^filter, /, ""), hint: error.hint };
  }
}

/** Restricts a filter to the spans of one trace. */
export function withinTrace(text: string, traceId: string): string {
  const ofTrace = span.traceID.eq(traceId);
  return formatTraceQl(text === "" ? ofTrace : and(parseTraceQl(text), ofTrace));
}

/** The texts in a filter, to mark them in results, without those of kind, status and duration. */
export function literalsOf(text: string): readonly string[] {
  const literals = new Set<string>();
  const collect = ({ op, args }: FilterCall): void => {
    if (op === "not" || op === "ne" || op === "not_in") return;
    const isWord = args.some(
      (arg) => "field" in arg && ["kind", "status", "duration"].includes(arg.field.name),
    );
    for (const arg of args) {
      if ("call" in arg) collect(arg.call);
      else if ("scalar" in arg && !isWord && op !== "regex") literals.add(arg.scalar.value);
      else if ("list" in arg) for (const value of arg.list.values) literals.add(value);
    }
  };
  try {
    if (text !== "") collect(parseTraceQl(text));
  } catch {
    return [];
  }
  return [...literals].filter((literal) => literal.length > 1 && literal !== "true");
}
