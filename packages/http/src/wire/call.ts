import type { IncomingMessage } from "node:http";
import { type SpanStore, SpanStoreError } from "@spanstore/core";
import type { HttpCall, HttpCaller, Need, Settings } from "../options.js";
import type { Answer } from "./answer.js";
import { readBody } from "./body.js";
import type { ErrorForm } from "./errors.js";
import type { ParameterNames, Parameters } from "./parameters.js";

/** A path and its answer. */
export interface Route {
  readonly method: "GET" | "POST";
  /** As Fastify has it: `/api/traces/:traceID`. */
  readonly url: string;
  readonly need: Need;
  readonly form: ErrorForm;
  readonly parameters: ParameterNames;
  readonly answer: (call: Call) => Answer | Promise<Answer>;
}

/** An authorized call. */
export interface Call {
  readonly request: IncomingMessage;
  readonly caller: HttpCaller;
  readonly parameters: Parameters;
  /** A part of the path, decoded. */
  readonly part: (name: string) => string;
  readonly header: (name: string) => string | undefined;
  readonly store: SpanStore;
  /** Undefined: there is none. */
  readonly archive: (() => Promise<SpanStore>) | undefined;
  /** Fires when the client has left. */
  readonly signal: AbortSignal;
  /** Breaks off an answer that has begun, without waiting for its client. */
  readonly left: () => void;
  /** @throws as `readBody` does. */
  readonly body: (mostBytes: number) => Promise<Buffer>;
  readonly settings: Settings;
}

export interface CallParts {
  readonly http: HttpCall;
  readonly caller: HttpCaller;
  readonly parameters: Parameters;
  readonly parts: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly left: () => void;
  readonly settings: Settings;
  /** Called when the call is over. */
  readonly over: (release: () => void) => void;
}

export function createCall(call: CallParts): Call {
  const { http, caller, parameters, parts, signal, left, settings, over } = call;
  const { archiveOf } = settings;
  let store: SpanStore | undefined;
  return {
    request: http.request,
    caller,
    parameters,
    part: (name) => parts[name] ?? "",
    header: (name) => http.header(name)[0],
    get store() {
      store ??= settings.storeOf(caller);
      return store;
    },
    archive: archiveOf && (() => archiveOf(caller)),
    signal,
    left,
    body: async (mostBytes) => {
      const lost = new AbortController();
      const place = settings.place(http, caller, (error) => lost.abort(error));
      over(() => place.release());
      const both = AbortSignal.any([signal, lost.signal]);
      try {
        return await readBody(http.request, {
          mostBytes,
          arrivalMs: settings.arrivalMs,
          place,
          signal: both,
        });
      } catch (error) {
        if (lost.signal.aborted && !signal.aborted) throw lost.signal.reason;
        throw error;
      }
    },
    settings,
  };
}

/** The error of a call for the archive when there is none. */
export function noArchive(): SpanStoreError {
  return new SpanStoreError("UNSUPPORTED", "archive span storage was not configured");
}
