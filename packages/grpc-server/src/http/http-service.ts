import {
  createHttpFace,
  type HttpCall,
  type HttpCaller,
  type HttpFace,
  type HttpFaceOptions,
} from "@spanstore/http";
import { type Address, listenError, peerOf } from "@spanstore/rpc";
import type { Logger } from "pino";
import type { Limits } from "../limits/limits.js";
import type { HttpSpace } from "../routing/backends.js";
import { headersOverHttp, type TenantOf } from "../routing/tenancy.js";
import type { Authorizer } from "../security/authorizer.js";
import type { TlsSource } from "../security/tls-source.js";
import type { HttpMetrics } from "../upkeep/http-metrics.js";

export interface HttpServiceOptions {
  readonly spaceOf: (tenant: string | undefined) => HttpSpace;
  readonly hasArchive: boolean;
  /** Undefined: every caller may do everything. */
  readonly authorizer: Authorizer | undefined;
  /** Undefined: there are no tenants. */
  readonly tenantOf: TenantOf | undefined;
  /** Undefined: plain HTTP. */
  readonly tls: TlsSource | undefined;
  readonly place: Limits["place"];
  readonly call: Limits["call"];
  /** Creates the connections of one port. */
  readonly connections: Limits["httpConnections"];
  readonly metrics: HttpMetrics;
  readonly corsOrigins: readonly string[];
  /** Undefined: our own page. */
  readonly uiDir: string | undefined;
  readonly about: HttpFaceOptions["about"] & {};
  readonly listen: HttpFaceOptions["listen"] & {};
  /** Undefined: there are no tenants. */
  readonly tenantHeader: string | undefined;
  readonly maxBodyBytes: number;
  readonly maxQueryBytes: number;
  readonly maxHeaderBytes: number;
  readonly arrivalMs: number;
  readonly maxClockSkewMs: number;
  readonly maxSpanSeries: number;
  readonly log: Logger;
}

/** The store over HTTP, with the same security, limits and metrics as over gRPC. */
export interface HttpService {
  /** @returns the address with the port that was opened. @throws ListenError. */
  listen(address: Address, serve?: keyof typeof servedBy): Promise<Address>;
  /** Refuses new connections and waits for answers under way. @returns false when some were left after the grace time. */
  stop(graceMs: number): Promise<boolean>;
}

/** The services of each kind of port. */
const servedBy = { all: ["query", "otlp", "page"], query: ["query", "page"], otlp: ["otlp"] } as const;

export function createHttpService(options: HttpServiceOptions): HttpService {
  const { spaceOf, hasArchive, metrics, tls, log } = options;
  const faces: HttpFace[] = [];
  const createFace = (serve: HttpFaceOptions["serve"] & {}): HttpFace =>
    createHttpFace(spaceOf(undefined).store, {
      serve,
      ...(options.uiDir === undefined ? {} : { uiDir: options.uiDir }),
      ...(options.tenantHeader === undefined ? {} : { tenantHeader: options.tenantHeader }),
      about: options.about,
      listen: options.listen,
      authorize: (call) => authorized(options, call),
      storeOf: ({ tenant }) => spaceOf(tenant).store,
      ...(hasArchive ? { archiveOf: (caller) => archiveOf(spaceOf(caller.tenant)) } : {}),
      write: (traces, { tenant }, signal) => spaceOf(tenant).write(traces, signal),
      place: ({ need, request }, { tenant }, lost) =>
        options.place(need, { connection: peerOf(request.socket), tenant }, lost),
      opened: ({ request }, { tenant }) => options.call({ connection: peerOf(request.socket), tenant }),
      finished: metrics.finished,
      failed: (error, { method, url }) => log.error({ err: error, method, url }, "an HTTP call failed"),
      corsOrigins: options.corsOrigins,
      connections: () => {
        const connections = options.connections();
        return {
          admit: (socket) => void connections.admit(socket),
          use: (socket) => connections.use(peerOf(socket)),
        };
      },
      // `connections` bounds the number: one more takes the place of the longest idle one.
      maxConnections: Number.POSITIVE_INFINITY,
      maxBodyBytes: options.maxBodyBytes,
      maxQueryBytes: options.maxQueryBytes,
      maxHeaderBytes: options.maxHeaderBytes,
      arrivalMs: options.arrivalMs,
      maxClockSkewMs: options.maxClockSkewMs,
      maxSpanSeries: options.maxSpanSeries,
    });
  return {
    async listen(address, serve = "all") {
      const face = createFace(servedBy[serve]);
      try {
        const bound = await face.listen({
          ...address,
          ...(tls === undefined
            ? {}
            : { tls: { context: tls.current(), mutual: tls.mutual, onChange: tls.onChange } }),
        });
        faces.push(face);
        return bound;
      } catch (error) {
        throw listenError(address, error as Error);
      }
    },
    async stop(graceMs) {
      let isOver = true;
      const timer = setTimeout(() => {
        isOver = false;
        for (const face of faces) face.destroy();
      }, graceMs);
      await Promise.all(faces.map((face) => face.close()));
      clearTimeout(timer);
      return isOver;
    },
  };
}

function authorized({ authorizer, tenantOf }: HttpServiceOptions, { need, header }: HttpCall): HttpCaller {
  const grant = authorizer?.authorize(header("authorization"), need);
  const tenant = tenantOf?.(headersOverHttp(header));
  if (grant?.tenants !== undefined) authorizer?.checkTenant(grant, tenant);
  return { tenant };
}

function archiveOf({ archive }: HttpSpace): ReturnType<NonNullable<HttpSpace["archive"]>> {
  if (archive === undefined) throw new Error("there is an archive for some tenants and not for others");
  return archive();
}
