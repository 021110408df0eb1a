export interface UiTag {
  readonly key: string;
  readonly type: string;
  readonly value: unknown;
}

export interface UiSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly {
    readonly refType: string;
    readonly traceID: string;
    readonly spanID: string;
  }[];
  /** Microseconds. */
  readonly startTime: number;
  readonly duration: number;
  readonly tags: readonly UiTag[];
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly UiTag[] }[];
  readonly service: string;
}

/** Parameters of a search. */
export type Search = Readonly<Record<string, string>>;

/** The query API that Jaeger 1's UI uses: /api. */
export function uiApi(port: number) {
  const base = `http://127.0.0.1:${port}/api`;

  /** The data of an answer; undefined for 404. */
  const ask = async <T>(path: string, method = "GET"): Promise<T | undefined> => {
    const answer = await fetch(`${base}${path}`, { method });
    const body = await answer.text();
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${body}`);
    return (JSON.parse(body) as { data: T }).data;
  };

  return {
    services: async () => [...((await ask<string[]>("/services")) ?? [])].sort(),

    async operations(service: string, spanKind?: string): Promise<readonly string[]> {
      const parameters = new URLSearchParams({ service, ...(spanKind === undefined ? {} : { spanKind }) });
      const found = (await ask<{ name: string; spanKind: string }[]>(`/operations?${parameters}`)) ?? [];
      return found.map((operation) => `${operation.spanKind} ${operation.name}`);
    },

    /** Operations as Jaeger's UI asked for them first, without kinds. */
    operationNames: (service: string) => ask<string[]>(`/services/${encodeURIComponent(service)}/operations`),

    /** The ids of the traces found, in the answer's order. */
    async traceIds(search: Search): Promise<readonly string[]> {
      const traces = await ask<Trace[]>(`/traces?${new URLSearchParams(search)}`);
      return (traces ?? []).map(({ traceID }) => traceID);
    },

    /** The spans of a trace, or undefined when Jaeger knows none. */
    async trace(id: string): Promise<readonly UiSpan[] | undefined> {
      const [trace] = (await ask<Trace[]>(`/traces/${id}`)) ?? [];
      return trace?.spans.map((span) => ({
        ...span,
        service: trace.processes[span.processID]?.serviceName ?? "",
      }));
    },

    archive: (id: string) => ask<unknown>(`/archive/${id}`, "POST"),

    async dependencies(endMs: number, lookbackMs: number): Promise<readonly string[]> {
      type Link = { parent: string; child: string; callCount: number };
      const links = await ask<Link[]>(`/dependencies?endTs=${endMs}&lookback=${lookbackMs}`);
      return (links ?? [])
        .map(({ parent, child, callCount }) => `${parent} -> ${child}: ${callCount}`)
        .sort();
    },
  };
}

interface Trace {
  readonly traceID: string;
  readonly spans: readonly (Omit<UiSpan, "service"> & { readonly processID: string })[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}
