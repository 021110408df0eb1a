import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { SpanStore, WriteResult } from "@spanstore/core";
import type { Finding, Place } from "@spanstore/core/engine";
import type { Arrivals } from "./beyond/arrivals.js";

/** What a call does: a caller may be let to do one and not the other. */
export type Need = "read" | "write";

/** A call before anything of it is done. */
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

/** Room that the body of a request takes, from its first byte until its spans are durable or its question is answered. */
export type BodyPlace = Omit<Place, "enter">;

/** What a server says of itself. */
export interface ServerFacts {
  readonly version?: string;
  /** How long spans are kept, in milliseconds; null: for ever. */
  readonly retentionMs?: number | null;
  /** What a diagnosis of the backend found. */
  readonly findings?: readonly Finding[];
}

/** The connections of a port, as its owner counts them. */
export interface PortConnections {
  /** Called with every new connection; may close it, or another one. */
  admit(socket: Socket): void;
  /** Called when a connection has a request. @returns what is called once when its answer has left, or will not. */
  use(socket: Socket): () => void;
}

/** A call that is over. */
export interface FinishedCall {
  readonly method: string;
  /** The pattern that the path matched, `/api/traces/:traceID`; `page` for its files; empty when there is nothing. */
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
   * Says whose a call is, before its body is read. Default: every call is the default tenant's.
   * @throws UNAUTHENTICATED or PERMISSION_DENIED when the call may not be.
   */
  readonly authorize?: (call: HttpCall) => HttpCaller;
  /** The store of a caller. Default: that of the tenant. */
  readonly storeOf?: (caller: HttpCaller) => SpanStore;
  /** The second store of a caller, of traces that are archived. Default: there is none. */
  readonly archiveOf?: (caller: HttpCaller) => Promise<SpanStore>;
  /**
   * Writes an encoded ExportTraceServiceRequest, whose bytes it may keep. Default: the caller's store does.
   * @throws OVERLOADED when it is not taken now.
   */
  readonly write?: (traces: Buffer, caller: HttpCaller, signal: AbortSignal) => Promise<WriteResult>;
  /**
   * Room for a body. Default: without bound but for that of each body.
   * @param lost called when the place was given to others.
   */
  readonly place?: (call: HttpCall, caller: HttpCaller, lost: (error: unknown) => void) => BodyPlace;
  /**
   * Called with every call that may be, before anything is done.
   * @returns what is called once, when nothing of the call is left. Default: nothing.
   * @throws OVERLOADED when there are too many.
   */
  readonly opened?: (call: HttpCall, caller: HttpCaller) => () => void;
  /** What `/api/v3/about` says beside the store's own facts. Default: nothing. */
  readonly about?: (caller: HttpCaller) => Promise<ServerFacts>;
  /** Shows what becomes durable, for `/api/v3/live`: `listen` of `createArrivals`. Default: it is not shown. */
  readonly listen?: Arrivals["listen"];
  /** The header that names a call's tenant, for the page. Default: there are no tenants. */
  readonly tenantHeader?: string;
  /** Called once for every call, when its answer has left, or will not. */
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
  /** How long headers, and then a body, may take to arrive, in milliseconds. Default: 60,000. */
  readonly arrivalMs?: number;
  /** How long an answer may wait for its reader to take more, in milliseconds. Default: 60,000. */
  readonly stallMs?: number;
  /** How long a connection without a request stays open, in milliseconds. Default: 60,000. */
  readonly idleMs?: number;
  /** Counts the connections of one port. Default: no count beside `maxConnections`. */
  readonly connections?: () => PortConnections;
  /** Open connections; more are closed at once. Default: 10,000. */
  readonly maxConnections?: number;
  /** How far the times of a span may be moved to fit into its parent, in milliseconds. Default: 0, as Jaeger's. */
  readonly maxClockSkewMs?: number;
  /** Of a trace no more than these bytes are held; of a larger one the spans are read twice. Default: 1 MiB. */
  readonly heldTraceBytes?: number;
  /** Series of `/metrics/spans`; what is beyond is counted in one series more. Default: 2,000. */
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
  /** Fires when the face closes: answers that have no end end then. */
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
