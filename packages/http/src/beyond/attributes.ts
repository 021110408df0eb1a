import { decodeTraces, type FilterCall, type KeyValue, resource } from "@spanstore/core";
import { textForm } from "@spanstore/core/otlp";
import type { Answer } from "../wire/answer.js";
import type { Call, Route } from "../wire/call.js";
import { invalid } from "../wire/parameters.js";

const route = { method: "GET", need: "read", form: "gateway" } as const;

/** Names and values of attributes in the newest spans, as proposals for a filter. */
export const attributeRoutes: readonly Route[] = [
  {
    ...route,
    url: "/api/v3/attributes",
    parameters: { level: "once", prefix: "once", service: "once" },
    answer: names,
  },
  {
    ...route,
    url: "/api/v3/attributes/values",
    parameters: { key: "once", level: "once", prefix: "once", service: "once" },
    answer: values,
  },
];

const levels = ["span", "resource", "scope", "event", "link"] as const;
type Level = (typeof levels)[number];

/** The most spans of a sample. */
const sampleSpans = 2000;
const pageSpans = 500;
/** The most time for a sample. */
const sampleMillis = 1000;
/** The most names or values of a list. */
const most = 1000;
/** Longer values are left out. */
const longestValue = 256;

/** The size of the sample. */
interface Sample {
  readonly spans: number;
  /** Whether the sample has every span. */
  readonly complete: boolean;
}

async function names(call: Call): Promise<Answer> {
  const counts = new Map<string, { readonly key: string; readonly level: Level; spans: number }>();
  const prefix = call.parameters.text("prefix") ?? "";
  const sample = await eachSpan(call, (level, { key }) => {
    if (!key.startsWith(prefix)) return;
    const id = `${level} ${key}`;
    const known = counts.get(id);
    if (known === undefined) counts.set(id, { key, level, spans: 1 });
    else known.spans++;
  });
  const attributes = byCount([...counts.values()], ({ key }) => key).slice(0, most);
  return { body: JSON.stringify({ attributes, sample }) };
}

async function values(call: Call): Promise<Answer> {
  const wanted = call.parameters.text("key");
  if (wanted === undefined) throw invalid("key", "is required");
  const prefix = call.parameters.text("prefix") ?? "";
  const counts = new Map<string, { readonly value: string; readonly type: string; spans: number }>();
  const sample = await eachSpan(call, (_level, { key, value }) => {
    if (key !== wanted) return;
    const text = textForm(value);
    if (!text.startsWith(prefix) || text.length > longestValue) return;
    const type = Object.keys(value)[0]?.replace(/Value$/, "") ?? "empty";
    const id = `${type} ${text}`;
    const known = counts.get(id);
    if (known === undefined) counts.set(id, { value: text, type, spans: 1 });
    else known.spans++;
  });
  return {
    body: JSON.stringify({
      values: byCount([...counts.values()], ({ value }) => value).slice(0, most),
      sample,
    }),
  };
}

/** Calls `show` with each attribute of the newest spans; for those of a resource once per span. */
async function eachSpan(call: Call, show: (level: Level, attribute: KeyValue) => void): Promise<Sample> {
  const asked = levelsOf(call);
  const shown = new Set(asked);
  const all = (level: Level, attributes: readonly KeyValue[] = []): void => {
    if (shown.has(level)) for (const attribute of attributes) show(level, attribute);
  };
  const service = call.parameters.text("service");
  const filter: FilterCall | undefined = service === undefined ? undefined : resource.service.eq(service);
  const until = performance.now() + sampleMillis;
  let spans = 0;
  let token: string | undefined;
  do {
    const page = { size: pageSpans, ...(token === undefined ? {} : { token }) };
    const query = { page, ...(filter === undefined ? {} : { filter }) };
    token = undefined;
    for await (const chunk of call.store.findSpans(query, { signal: call.signal })) {
      token = chunk.nextPageToken;
      for (const { resource: owner, scopeSpans } of decodeTraces(chunk.encoded).resourceSpans) {
        for (const { scope, spans: those } of scopeSpans) {
          for (const span of those) {
            spans++;
            all("resource", owner?.attributes);
            all("scope", scope?.attributes);
            all("span", span.attributes);
            for (const event of span.events ?? []) all("event", event.attributes);
            for (const link of span.links ?? []) all("link", link.attributes);
          }
        }
      }
    }
  } while (token !== undefined && spans < sampleSpans && performance.now() < until);
  return { spans, complete: token === undefined };
}

function levelsOf({ parameters }: Call): readonly Level[] {
  const text = parameters.text("level");
  if (text === undefined) return levels;
  const level = levels.find((one) => one === text);
  if (level === undefined) throw invalid("level", `is none of ${levels.join(", ")}`);
  return [level];
}

function byCount<T extends { readonly spans: number }>(
  items: readonly T[],
  textOf: (item: T) => string,
): T[] {
  return items.toSorted((a, b) => b.spans - a.spans || (textOf(a) < textOf(b) ? -1 : 1));
}
