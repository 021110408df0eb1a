import { type Answer, type Difference, type Json, mapSpans, mapTraces, sortedBy } from "./compare.js";

export type Generation = "1.42" | "1.76" | "2.20";

const text = (value: Json): string => JSON.stringify(value);

/** An answer after what is done to it, so that it can be compared. */
export function alike(answer: Answer, whose: "ours" | "theirs", differences: readonly Difference[]): Answer {
  return differences.reduce((one, { alike: toBoth, theirs }) => {
    const own = whose === "theirs" ? (theirs?.(one) ?? one) : one;
    return toBoth?.(own) ?? own;
  }, answer);
}

/** In how our answers may differ from Jaeger's; everything else is equal. */
export function differencesOf(generation: Generation): readonly Difference[] {
  return [...always, ...ofGeneration[generation]];
}

const always: readonly Difference[] = [
  {
    why: "what the storage refuses is Jaeger's fault to Jaeger, and the caller's to us",
    theirs: (answer) =>
      answer.status === 500
        ? { status: 400, json: JSON.parse(JSON.stringify(answer.json).replaceAll("500", "400")) }
        : answer,
  },
  {
    why: "of spans that share an id Jaeger shows all warnings at one, and leaves them as tags at the others",
    alike: (answer) =>
      mapSpans(answer, (span, trace) =>
        trace.spans.filter(({ spanID }: Json) => spanID === span.spanID).length < 2
          ? span
          : {
              ...span,
              warnings: null,
              tags: span.tags.filter(({ key }: Json) => key !== "@jaeger@warnings"),
            },
      ),
  },
  {
    why: "each generation has its own words for warnings",
    alike: (answer) =>
      mapSpans(answer, (span) => ({ ...span, warnings: span.warnings?.map(ownWords).sort() ?? null })),
  },
  {
    why: "words of errors are our own, and name the parameter where Jaeger's do not",
    alike: (answer) => ({
      ...answer,
      json:
        answer.status < 400
          ? answer.json
          : answer.json?.errors !== undefined
            ? { ...answer.json, errors: answer.json.errors.map(({ code }: Json) => ({ code })) }
            : { error: answer.json?.error?.httpCode },
    }),
  },
  {
    why: "Jaeger lists services, operations and dependencies in the order of its maps, we sort them",
    alike: (answer) => {
      const { data } = answer.json ?? {};
      if (!Array.isArray(data) || data[0]?.spans !== undefined) return answer;
      return { ...answer, json: { ...answer.json, data: sortedBy(data, text) } };
    },
  },
  {
    why: "which traces there are not stands in the order of Jaeger's maps",
    alike: (answer) =>
      Array.isArray(answer.json?.errors)
        ? { ...answer, json: { ...answer.json, errors: sortedBy(answer.json.errors, text) } }
        : answer,
  },
  {
    why: "tags stand in one order: ours by key, Jaeger's by key but for those that it makes itself",
    alike: (answer) =>
      mapTraces(
        mapSpans(answer, (span) => ({ ...span, tags: sortedBy(span.tags, text) })),
        (trace) => ({
          ...trace,
          processes: Object.fromEntries(
            Object.entries<Json>(trace.processes).map(([id, process]) => [
              id,
              { ...process, tags: sortedBy(process.tags, text) },
            ]),
          ),
        }),
      ),
  },
];

/** Of Jaeger's that answer in OTLP/JSON. */
const otlp: readonly Difference[] = [
  {
    why: "Jaeger writes empty resources, scopes and statuses, and leaves out zeros and empty lists",
    alike: (answer) =>
      answer.json?.data === undefined ? { ...answer, json: withoutEmpty(answer.json) } : answer,
  },
  {
    why: "attributes stand in one order: ours and Jaeger's by key, but warnings come last in ours",
    alike: (answer) => ({ ...answer, json: mapAttributes(answer.json, (list) => sortedBy(list, text)) }),
  },
];

const emptyBinary: Difference = {
  why: "a binary tag of no bytes is null in Jaeger's JSON",
  alike: (answer) =>
    mapTags(answer, (tag) => (tag.type === "binary" && tag.value === null ? { ...tag, value: "" } : tag)),
};

const logOrder: Difference = {
  why: "Jaeger 2 shows events in the order of their names, we in that of the span",
  alike: (answer) => mapSpans(answer, (span) => ({ ...span, logs: sortedBy(span.logs, text) })),
};

const eventOrder: Difference = {
  why: logOrder.why,
  alike: (answer) => ({ ...answer, json: mapKey(answer.json, "events", (list) => sortedBy(list, text)) }),
};

function ownWords(warning: string): string {
  if (warning.startsWith("Invalid span")) return "invalid link";
  const parent = /parent span IDs?=(\w+)/.exec(warning)?.[1];
  return parent === undefined ? warning : `no parent ${parent}`;
}

const ofGeneration: Record<Generation, readonly Difference[]> = {
  "1.42": [
    emptyBinary,
    {
      why: "Jaeger 1.42 puts the parent first and then another in its place",
      alike: (answer) =>
        mapSpans(answer, (span) => ({ ...span, references: sortedBy(span.references, text) })),
    },
  ],
  "1.76": [
    emptyBinary,
    {
      why: "Jaeger 1.76 shows spans in the order of its maps, and names processes in that order",
      alike: (answer) =>
        mapTraces(answer, (trace) => ({
          ...trace,
          processes: sortedBy(Object.values(trace.processes), text),
          spans: sortedBy(
            trace.spans.map((span: Json) => ({ ...span, processID: trace.processes[span.processID] })),
            text,
          ),
        })),
    },
  ],
  "2.20": [...otlp, emptyBinary, logOrder, eventOrder],
};

function mapTags(answer: Answer, map: (tag: Json) => Json): Answer {
  return mapTraces(
    mapSpans(answer, (span) => ({
      ...span,
      tags: span.tags.map(map),
      logs: span.logs.map((log: Json) => ({ ...log, fields: log.fields.map(map) })),
    })),
    (trace) => ({
      ...trace,
      processes: Object.fromEntries(
        Object.entries<Json>(trace.processes).map(([id, process]) => [
          id,
          { ...process, tags: process.tags.map(map) },
        ]),
      ),
    }),
  );
}

/** Every list of this name, however deep. */
function mapKey(json: Json, name: string, map: (list: Json[]) => Json[]): Json {
  if (Array.isArray(json)) return json.map((item) => mapKey(item, name, map));
  if (typeof json !== "object" || json === null) return json;
  return Object.fromEntries(
    Object.entries<Json>(json).map(([key, value]) => {
      const inner = mapKey(value, name, map);
      return [key, key === name && Array.isArray(inner) ? map(inner) : inner];
    }),
  );
}

function mapAttributes(json: Json, map: (list: Json[]) => Json[]): Json {
  return mapKey(json, "attributes", map);
}

const zeros = /^0*$/;

function withoutEmpty(json: Json): Json {
  if (Array.isArray(json)) return json.map(withoutEmpty);
  if (typeof json !== "object" || json === null) return json;
  const kept = Object.entries<Json>(json)
    .map(([key, value]) => [key, withoutEmpty(value)] as const)
    .filter(([key, value]) => {
      if (["traceId", "spanId"].includes(key) && typeof value === "string") return !zeros.test(value);
      if (["resource", "scope", "status"].includes(key)) return Object.keys(value).length > 0;
      if (typeof value !== "object") return value !== "" && value !== 0;
      return !["services", "operations", "summaries", "attributes"].includes(key) || value.length > 0;
    });
  return Object.fromEntries(kept);
}
