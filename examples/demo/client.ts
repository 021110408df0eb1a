import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { loadSync, type MethodDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import { decodeTraces, type TracesData } from "@spanstore/core";
import { encodeTraces } from "@spanstore/core/otlp";

/** The parameters of a search, in the form proto-loader gives jaeger.storage.v2.TraceQueryParameters. */
export interface Query {
  readonly serviceName?: string;
  readonly operationName?: string;
  readonly attributes?: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
  readonly startTimeMin?: Timestamp;
  readonly startTimeMax?: Timestamp;
  readonly durationMin?: Timestamp;
  readonly searchDepth?: number;
}

export interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

export interface Summary {
  readonly traceId: Buffer;
  readonly rootServiceName: string;
  readonly rootOperationName: string;
  /** Decimal nanoseconds since the epoch. */
  readonly minStartTimeUnixNano: string;
  readonly maxEndTimeUnixNano: string;
  readonly spanCount: number;
  readonly errorSpanCount: number;
}

/** The calls of the demo: OTLP in, jaeger.storage.v2 out, as Jaeger makes them. */
export interface DemoClient {
  /** Waits until the server answers. @throws ServerUnreachable */
  ready(): Promise<void>;
  send(traces: TracesData): Promise<void>;
  services(): Promise<readonly string[]>;
  summaries(query: Query): Promise<readonly Summary[]>;
  /** A trace's chunks, each an OTLP TracesData. */
  trace(traceId: Buffer): Promise<readonly TracesData[]>;
  close(): void;
}

export class ServerUnreachable extends Error {}

const connectMs = 2000;

export function connect(endpoint: string): DemoClient {
  const client = new Client(endpoint, credentials.createInsecure());
  const { GetServices, FindTraceSummaries, GetTraces } = traceReader();
  return {
    ready: () =>
      new Promise((resolve, reject) => {
        client.waitForReady(Date.now() + connectMs, (error) => {
          if (error === undefined) resolve();
          else reject(new ServerUnreachable(`no connection within ${connectMs / 1000} s`));
        });
      }),
    send: async (traces) => {
      // TracesData and ExportTraceServiceRequest are the same on the wire, and the answer is empty.
      const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
      await unary(client, path, Buffer.from, (answer) => answer, encodeTraces(traces));
    },
    services: async () => {
      const answer = await unary(
        client,
        GetServices.path,
        GetServices.requestSerialize,
        (bytes) => GetServices.responseDeserialize(bytes) as { readonly services?: readonly string[] },
        {},
      );
      return answer.services ?? [];
    },
    summaries: async (query) => {
      const chunks = await streamed(
        client,
        FindTraceSummaries.path,
        FindTraceSummaries.requestSerialize,
        (bytes) =>
          FindTraceSummaries.responseDeserialize(bytes) as { readonly summaries?: readonly Summary[] },
        { query },
      );
      return chunks.flatMap((chunk) => chunk.summaries ?? []);
    },
    trace: (traceId) =>
      streamed(client, GetTraces.path, GetTraces.requestSerialize, decodeTraces, { query: [{ traceId }] }),
    close: () => client.close(),
  };
}

type Method = MethodDefinition<object, object>;

/** The reader's methods, from the .proto files that come with the client. */
function traceReader(): { GetServices: Method; FindTraceSummaries: Method; GetTraces: Method } {
  const manifest = createRequire(import.meta.url).resolve("@spanstore/client/package.json");
  const includeDirs = [join(dirname(manifest), "proto")];
  const file = "jaeger/storage/v2/trace_storage.proto";
  const protos = loadSync(file, { includeDirs, longs: String, defaults: true });
  const service = protos["jaeger.storage.v2.TraceReader"] as ServiceDefinition;
  const method = (name: string): Method => {
    const found = service[name];
    if (found === undefined) throw new Error(`TraceReader has no method ${name}`);
    return found;
  };
  return {
    GetServices: method("GetServices"),
    FindTraceSummaries: method("FindTraceSummaries"),
    GetTraces: method("GetTraces"),
  };
}

function unary<Request, Response>(
  client: Client,
  path: string,
  serialize: (request: Request) => Buffer,
  deserialize: (bytes: Buffer) => Response,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, serialize, deserialize, request, (error: ServiceError | null, response) => {
      if (error !== null) reject(failure(error));
      else resolve(response as Response);
    });
  });
}

async function streamed<Request, Response>(
  client: Client,
  path: string,
  serialize: (request: Request) => Buffer,
  deserialize: (bytes: Buffer) => Response,
  request: Request,
): Promise<Response[]> {
  const call = client.makeServerStreamRequest(path, serialize, deserialize, request);
  const chunks: Response[] = [];
  try {
    for await (const chunk of call) chunks.push(chunk as Response);
  } catch (error) {
    throw failure(error as ServiceError);
  }
  return chunks;
}

function failure(error: ServiceError): Error {
  return error.code === status.UNAVAILABLE ? new ServerUnreachable(error.details) : error;
}
