import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { SpanStore, WriteResult } from "@spanstore/core";
import type { Finding, Place } from "@spanstore/core/engine";
import type { Arrivals } from "./beyond/arrivals.js";

/** What a call does. A caller may have the right to one of them only. */
export type Need = "read" | "write";

/** A call before its body is read. */
export interface HttpCall {
  readonly request: IncomingMessage;
  readonly need: Need;
  /** The values of a header, by its name in lower case. */
  readonly header: (name: string) => readonly string[];
}

/** Whose call it is. */
export interface HttpCaller {
  /** Undefined: the default tenant. */
  readonly tenant?: string | undefined;
}

/** The room of a request's body, from its first byte until its spans are durable or its question is answered. */
export type BodyPlace = Omit<Place, "enter">;

/** Facts about a server. */
export interface ServerFacts {
  readonly version?: string;
  /** How long spans are kept, in milliseconds; null: for ever. */
  readonly retentionMs?: number | null;
  /** What a diagnosis of the backend found. */
  readonly findings?: readonly Finding[];
}

/** The connections of a port, as its owner counts them. */
export interface PortConnections {
  /** Called with every new connection. May close it, or another one. */
  admit(socket: Socket): void;
  /** Called when a connection has a request. @returns a function that is called once when the request is over. */
  use(socket: Socket): () => void;
}

/** A call that is over. */
export interface FinishedCall {
  readonly method: string;
  /** The pattern of the path, such as `/api/traces/:traceID`; `page` for the page's files; empty for an unknown path. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface HttpFaceOptions {
  /** What is served: Jaeger's query API, OTLP's `/v1/traces`, the page on `/`. Default: all of it. */
  readonly serve?: readonly ("query" | "otlp" | "page")[];
  /** A folder with the built files of Jaeger's UI, which then is the page. Default: our own page. */
  readonly uiDir?: string;
  /**
   * Identifies the caller before the body is read. Default: every call is the default tenant's.
   * @throws UNAUTHENTICATED or PERMISSION_DENIED to refuse the call.
   */
  readonly authorize?: (call: HttpCall) => HttpCaller;
  /** The store of a caller. Default: that of the tenant. */
  readonly storeOf?: (caller: HttpCaller) => SpanStore;
  /** The store of a caller's archived traces. Default: none. */
  readonly archiveOf?: (caller: HttpCaller) => Promise<SpanStore>;
  /**
   * Writes an encoded ExportTraceServiceRequest, and may keep its bytes. Default: the write of the caller's store.
   * @throws OVERLOADED when the request cannot be taken now.
   */
  readonly write?: (traces: Buffer, caller: HttpCaller, signal: AbortSignal) => Promise<WriteResult>;
  /**
   * Reserves room for a body. Default: only the size of each body is bounded.
   * @param lost called when the room was given to another call.
   */
  readonly place?: (call: HttpCall, caller: HttpCaller, lost: (error: unknown) => void) => BodyPlace;
  /**
   * Called with every authorized call before it starts. Default: nothing.
   * @returns a function that is called once when the call is over.
   * @throws OVERLOADED when there are too many calls.
   */
  readonly opened?: (call: HttpCall, caller: HttpCaller) => () => void;
  /** Facts for `/api/v3/about` beside the store's own. Default: none. */
  readonly about?: (caller: HttpCaller) => Promise<ServerFacts>;
  /** The source of `/api/v3/live`: `listen` of `createArrivals`. Default: none, and the path answers UNSUPPORTED. */
  readonly listen?: Arrivals["listen"];
  /** The header in which the page names the tenant. Default: there are no tenants. */
  readonly tenantHeader?: string;
  /** Called once for every call, when its answer was sent or its client has left. */
  readonly finished?: (call: FinishedCall) => void;
  /** Called with errors that are the server's fault. */
  readonly failed?: (error: unknown, call: { readonly method: string; readonly url: string }) => void;
  /** Origins of browsers that may call: `https://app.example`, or `*`. Default: none. */
  readonly corsOrigins?: readonly string[];
  /** The largest body of spans, decompressed. Default: 64 MiB. */
  readonly maxBodyBytes?: number;
  /** The largest body of a question. Default: 1 MiB. */
  readonly maxQueryBytes?: number;
  /** The request line and the headers together. Default: 16 KiB. */
  readonly maxHeaderBytes?: number;
  /** The longest time for the headers, and then for the body, to arrive, in milliseconds. Default: 60,000. */
  readonly arrivalMs?: number;
  /** The longest pause of a client that reads an answer, in milliseconds. Default: 60,000. */
  readonly stallMs?: number;
  /** How long a connection without a request stays open, in milliseconds. Default: 60,000. */
  readonly idleMs?: number;
  /** Counts the connections of one port. Default: no count beside `maxConnections`. */
  readonly connections?: () => PortConnections;
  /** The most open connections; further ones are closed at once. Default: 10,000. */
  readonly maxConnections?: number;
  /** The most by which a span is moved to fit into its parent, in milliseconds. Default: 0, as in Jaeger. */
  readonly maxClockSkewMs?: number;
  /** The most bytes of a trace held in memory; the spans of a larger one are read twice. Default: 1 MiB. */
  readonly heldTraceBytes?: number;
  /** The most series of `/metrics/spans`; one more counts the rest. Default: 2,000. */
  readonly maxSpanSeries?: number;
  /** The time in milliseconds since 1970. Default: the system's. */
  readonly now?: () => number;
}

export interface Settings
  extends Required<
    Omit<HttpFaceOptions, "archiveOf" | "place" | "connections" | "uiDir" | "tenantHeader" | "listen">
  > {
  readonly connections: HttpFaceOptions["connections"] | undefined;
  readonly archiveOf: HttpFaceOptions["archiveOf"] | undefined;
  readonly uiDir: string | undefined;
  readonly tenantHeader: string | undefined;
  readonly listen: HttpFaceOptions["listen"] | undefined;
  /** Fires when the face closes, and ends answers that would go on, such as live spans. */
  readonly closing: AbortSignal;
  readonly place: NonNullable<HttpFaceOptions["place"]>;
}

const mebibyte = 1024 * 1024;

const unbounded: BodyPlace = { take() {}, giveBack() {}, expect() {}, settle() {}, release() {} };

export function settingsOf(store: SpanStore, options: HttpFaceOptions, closing: AbortSignal): Settings {
  const storeOf =
    options.storeOf ?? (({ tenant }) => (tenant === undefined ? store : store.forTenant(tenant)));
  return {
    serve: options.serve ?? ["query", "otlp", "page"],
    uiDir: options.uiDir,
    tenantHeader: options.tenantHeader,
    listen: options.listen,
    closing,
    about: options.about ?? (async () => ({})),
    authorize: options.authorize ?? (() => ({})),
    storeOf,
    archiveOf: options.archiveOf,
    connections: options.connections,
    write:
      options.write ??
      ((traces, caller, signal) => storeOf(caller).write(traces, { signal, handOver: true })),
    place: options.place ?? (() => unbounded),
    opened: options.opened ?? (() => () => {}),
    finished: options.finished ?? (() => {}),
    failed: options.failed ?? (() => {}),
    corsOrigins: options.corsOrigins ?? [],
    maxBodyBytes: options.maxBodyBytes ?? 64 * mebibyte,
    maxQueryBytes: options.maxQueryBytes ?? mebibyte,
    maxHeaderBytes: options.maxHeaderBytes ?? 16 * 1024,
    arrivalMs: options.arrivalMs ?? 60_000,
    stallMs: options.stallMs ?? 60_000,
    idleMs: options.idleMs ?? 60_000,
    maxConnections: options.maxConnections ?? 10_000,
    maxClockSkewMs: options.maxClockSkewMs ?? 0,
    heldTraceBytes: options.heldTraceBytes ?? mebibyte,
    maxSpanSeries: options.maxSpanSeries ?? 2000,
    now: options.now ?? Date.now,
  };
}
