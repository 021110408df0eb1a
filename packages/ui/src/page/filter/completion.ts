import { completeTraceQl, type TraceQlCompletion, type TraceQlNames } from "@spanstore/core";
import { loadAttributeNames, loadAttributeValues, loadOperations, services } from "../api/names.js";

/** The opening brace, which a filter may omit. */
const opening = "{ ";

const cache = new Map<string, { readonly until: number; readonly names: Promise<TraceQlNames> }>();
const cacheMillis = 30_000;

/** Completes the filter line: first without the store's names, then with them. */
export async function completeFilter(
  text: string,
  offset: number,
  show: (completion: TraceQlCompletion) => void,
): Promise<void> {
  const isBare = !text.trimStart().startsWith("{");
  const shift = isBare ? opening.length : 0;
  const whole = isBare ? opening + text : text;
  const complete = (names?: TraceQlNames): TraceQlCompletion => {
    const completion = completeTraceQl(whole, offset + shift, names);
    return {
      ...completion,
      from: Math.max(0, completion.from - shift),
      to: Math.max(0, completion.to - shift),
      candidates: completion.candidates.filter(({ text }) => !isBare || text !== "}"),
    };
  };
  const first = complete();
  show(first);
  if (first.wanted !== undefined) show(complete(await namesFor(first.wanted)));
}

function namesFor(wanted: NonNullable<TraceQlCompletion["wanted"]>): Promise<TraceQlNames> {
  const id = wanted.what === "keys" ? "keys" : `values ${wanted.of}`;
  const known = cache.get(id);
  if (known !== undefined && known.until > Date.now()) return known.names;
  const names = (wanted.what === "keys" ? allKeys() : valuesOf(wanted)).catch(() => ({}));
  cache.set(id, { until: Date.now() + cacheMillis, names });
  return names;
}

async function allKeys(): Promise<TraceQlNames> {
  const keys: Record<string, string[]> = {};
  for (const { key, level } of await loadAttributeNames()) {
    keys[level] ??= [];
    keys[level].push(key);
  }
  return { keys };
}

async function valuesOf({
  of,
  reference,
}: Extract<NonNullable<TraceQlCompletion["wanted"]>, { what: "values" }>): Promise<TraceQlNames> {
  if ("attr" in reference) {
    const { key, level } = reference.attr;
    const values = await loadAttributeValues(key, level);
    return { values: { [of]: values.map(({ value, type }) => typed(value, type)) } };
  }
  const { level, name } = reference.field;
  if (level === "resource" && name === "service") return { values: { [of]: [...services.value] } };
  if (level === "span" && name === "name") return { values: { [of]: await operationNames() } };
  return {};
}

/** The most services whose operations are offered. */
const askedServices = 20;

async function operationNames(): Promise<string[]> {
  const lists = await Promise.all(services.value.slice(0, askedServices).map((name) => loadOperations(name)));
  return [...new Set(lists.flatMap((list) => list.map(({ name }) => name)))].sort();
}

function typed(value: string, type: string): string | number | boolean {
  if (type === "bool") return value === "true";
  if ((type === "int" || type === "double") && Number.isSafeInteger(Number(value))) return Number(value);
  return value;
}
