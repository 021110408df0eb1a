import { createProcesses, jaegerJsonOf, type Processes } from "./json-of-otlp.js";
import { type JsonLog, type JsonSpan, type JsonTag, jsonText } from "./json-span.js";

/** Writes the answer of Jaeger's `/api/traces` piece by piece. */
export interface JaegerDocumentWriter {
  /**
   * Writes spans of a trace. The spans of one trace must be consecutive.
   * @returns the text in pieces of some spans each; take them all before the next call.
   * @throws INVALID_TRACES when the bytes are no OTLP.
   */
  spans(traceId: string, encodedTracesData: Uint8Array): Generator<string, void, undefined>;
  /**
   * @param errors errors of traces, as Jaeger's UI shows them.
   * @param fields further fields of the document.
   * @returns the text after the last trace.
   */
  end(errors?: readonly object[], fields?: Readonly<Record<string, unknown>>): string;
}

export interface JaegerDocumentOptions {
  /** Whether to sort tags by key. Default: false, which keeps their order. */
  readonly sorted?: boolean;
}

const pieceLength = 32 * 1024;

export function createJaegerDocument({ sorted = false }: JaegerDocumentOptions = {}): JaegerDocumentWriter {
  let open: string | undefined;
  let isEmpty = true;
  let processes: Processes = createProcesses();
  const endTrace = (): string => {
    const all = processes.all();
    const text = sorted
      ? JSON.stringify(mapped(all, (one) => ({ ...one, tags: byKey(one.tags) })))
      : JSON.stringify(all);
    return `],"processes":${text},"warnings":null}`;
  };
  const begin = (): string => (open === undefined ? '{"data":[' : `${endTrace()},`);
  return {
    *spans(traceId, encoded) {
      let text = "";
      if (traceId !== open) {
        text = begin();
        processes = createProcesses();
        open = traceId;
        isEmpty = true;
      }
      for (const span of jaegerJsonOf(encoded, processes)) {
        text += isEmpty ? `{"traceID":"${span.traceID}","spans":[` : ",";
        text += jsonText(sorted ? inOrder(span) : span);
        isEmpty = false;
        if (text.length < pieceLength) continue;
        yield text;
        text = "";
      }
      if (text !== "") yield text;
    },
    end(errors, fields = {}) {
      const data = open === undefined ? '{"data":[' : endTrace();
      const rest = JSON.stringify({ total: 0, limit: 0, offset: 0, errors: errors ?? null, ...fields });
      return `${data}],${rest.slice(1)}`;
    },
  };
}

function inOrder(span: JsonSpan): JsonSpan {
  return { ...span, tags: byKey(span.tags), logs: span.logs.map(logInOrder) };
}

/** Puts the event's name first and sorts the other fields. */
function logInOrder(log: JsonLog): JsonLog {
  const name = log.fields.findIndex(({ key, type }) => key === "event" && type === "string");
  if (name < 0) return { ...log, fields: byKey(log.fields) };
  const others = log.fields.filter((_, i) => i !== name);
  return { ...log, fields: [log.fields[name] as JsonTag, ...byKey(others)] };
}

function byKey(tags: readonly JsonTag[]): readonly JsonTag[] {
  for (let i = 1; i < tags.length; i++) {
    if ((tags[i - 1] as JsonTag).key > (tags[i] as JsonTag).key) {
      return tags.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    }
  }
  return tags;
}

function mapped<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
