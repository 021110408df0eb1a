import type { Span, TracesData } from "@spanstore/core";
import { tracesFromJson } from "@spanstore/core/otlp";

export interface ApiSummary {
  readonly traceId: string;
  readonly rootServiceName: string;
  readonly rootOperationName: string;
  readonly spanCount: number;
  readonly errorSpanCount: number;
  readonly services: readonly { readonly name: string; readonly spanCount: number }[];
}

/** Query parameters of a search, without the `query.` before their names. */
export type Search = Readonly<Record<string, string>>;

/** Jaeger's query API, /api/v3, and dependencies and the archive, which it has on /api alone. */
export function queryApi(port: number) {
  const base = `http://127.0.0.1:${port}`;
  return {
    async services(): Promise<readonly string[]> {
      // Versions differ in whether they write an empty list.
      return (await get<{ services?: string[] }>(`${base}/api/v3/services`)).services ?? [];
    },

    async operations(service: string): Promise<readonly string[]> {
      type Answer = { operations: { name: string; spanKind: string }[] };
      const url = `${base}/api/v3/operations?service=${encodeURIComponent(service)}`;
      const { operations } = await get<Answer>(url);
      return operations.map(({ name, spanKind }) => `${spanKind} ${name}`);
    },

    /** The ids of the traces found, newest first, each once. */
    async traceIds(search: Search): Promise<readonly string[]> {
      const answer = await get<{ result: unknown } | undefined>(
        `${base}/api/v3/traces?${parameters(search)}`,
      );
      if (answer === undefined) return [];
      const ids = spansOf(tracesFromJson(answer.result)).map(({ span }) => span.traceId);
      return [...new Set(ids)];
    },

    async summaries(search: Search): Promise<readonly ApiSummary[]> {
      type Answer = { summaries: ApiSummary[] };
      return (await get<Answer>(`${base}/api/v3/trace-summaries?${parameters(search)}`)).summaries;
    },

    /** The spans of a trace, or undefined when Jaeger knows none. */
    async trace(traceId: string): Promise<readonly ServiceSpan[] | undefined> {
      const answer = await get<{ result: unknown } | undefined>(`${base}/api/v3/traces/${traceId}`);
      return answer && spansOf(tracesFromJson(answer.result));
    },

    async archive(traceId: string): Promise<void> {
      const answer = await fetch(`${base}/api/archive/${traceId}`, { method: "POST" });
      if (!answer.ok) throw new Error(`archiving answered ${answer.status}: ${await answer.text()}`);
      await answer.body?.cancel();
    },

    async dependencies(endMs: number, lookbackMs: number): Promise<readonly string[]> {
      type Answer = { data: { parent: string; child: string; callCount: number }[] };
      const url = `${base}/api/dependencies?endTs=${endMs}&lookback=${lookbackMs}`;
      const { data } = await get<Answer>(url);
      return data.map(({ parent, child, callCount }) => `${parent} -> ${child}: ${callCount}`).sort();
    },
  };
}

export interface ServiceSpan {
  readonly service: string;
  readonly span: Span;
}

function spansOf(traces: TracesData): ServiceSpan[] {
  return traces.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const named = resource?.attributes.find((attribute) => attribute.key === "service.name")?.value;
    const service = named !== undefined && "stringValue" in named ? named.stringValue : "";
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ service, span })));
  });
}

function parameters(search: Search): URLSearchParams {
  return new URLSearchParams(
    Object.fromEntries(Object.entries(search).map(([name, value]) => [`query.${name}`, value])),
  );
}

/** The answer's JSON; undefined for 404, which is Jaeger's word for nothing found. */
async function get<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  const body = await answer.text();
  if (answer.status === 404) return undefined as T;
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${body}`);
  return JSON.parse(body) as T;
}
