import { openMemoryStore, type Span, type SpanStore, type TracesData } from "@spanstore/core";
import { createHttpFace, type HttpFace, type HttpFaceOptions } from "../src/index.js";

/** When the spans of tests begin. */
export const baseTime = 1_780_000_000_000_000_000n;
export const milli = 1_000_000n;
export const traceId = "5b8aa5a2d2c872e8321cf37308d69df2";

// biome-ignore lint/suspicious/noExplicitAny: answers are compared as they come
export type Json = any;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Json;
}

/** A face on a port of the loopback interface, in front of a store in memory. */
export interface Served extends AsyncDisposable {
  readonly store: SpanStore;
  readonly face: HttpFace;
  readonly port: number;
  get(path: string, init?: RequestInit): Promise<Reply>;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
}

export async function serve(options: HttpFaceOptions = {}, given?: SpanStore): Promise<Served> {
  const store = given ?? openMemoryStore();
  const face = createHttpFace(store, { now: () => Number(baseTime / milli) + 60_000, ...options });
  const { port } = await face.listen();
  const ask = async (path: string, init?: RequestInit): Promise<Reply> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, init);
    const text = await answer.text();
    let json: Json;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { status: answer.status, headers: answer.headers, text, json };
  };
  return {
    store,
    face,
    port,
    get: ask,
    post: (path, body, headers = {}) =>
      ask(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body:
          typeof body === "string"
            ? body
            : body instanceof Uint8Array
              ? new Uint8Array(body)
              : JSON.stringify(body),
      }),
    async [Symbol.asyncDispose]() {
      await face.close();
      await store.close();
    },
  };
}

export function span(id: number, fields: Partial<Span> = {}): Span {
  return {
    traceId,
    spanId: id.toString(16).padStart(16, "0"),
    name: `op ${id}`,
    startTimeUnixNano: baseTime + BigInt(id) * milli,
    endTimeUnixNano: baseTime + BigInt(id + 1) * milli,
    ...fields,
  };
}

export function tracesOf(service: string, ...spans: readonly Span[]): TracesData {
  const attributes = [{ key: "service.name", value: { stringValue: service } }];
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans }] }] };
}
