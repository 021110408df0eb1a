import { fileURLToPath } from "node:url";
import {
  type CallOptions,
  Client,
  type ClientOptions,
  type ClientReadableStream,
  type ClientWritableStream,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import {
  loadSync,
  type MethodDefinition,
  type PackageDefinition,
  type ServiceDefinition,
} from "@grpc/proto-loader";
import { openMemoryStore, type SpanStore } from "@spanstore/core";
import { type RunningServer, type ServerOptions, startServer } from "../src/index.js";

const protoFolder = fileURLToPath(new URL("../../client/proto", import.meta.url));

const definitions: PackageDefinition = loadSync(
  [
    "google/rpc/status.proto",
    "jaeger/api_v2/query.proto",
    "jaeger/api_v3/query_service.proto",
    "jaeger/storage/v1/storage.proto",
    "jaeger/storage/v2/capabilities.proto",
    "jaeger/storage/v2/dependency_storage.proto",
    "jaeger/storage/v2/trace_storage.proto",
    "opentelemetry/proto/collector/trace/v1/trace_service.proto",
  ].map((file) => `${protoFolder}/${file}`),
  { includeDirs: [protoFolder], longs: String, defaults: true },
);

export const services = [
  "jaeger.storage.v2.TraceReader",
  "jaeger.storage.v2.DependencyReader",
  "jaeger.storage.v2.Capabilities",
  "opentelemetry.proto.collector.trace.v1.TraceService",
  "jaeger.storage.v1.SpanWriterPlugin",
  "jaeger.storage.v1.StreamingSpanWriterPlugin",
  "jaeger.storage.v1.SpanReaderPlugin",
  "jaeger.storage.v1.ArchiveSpanWriterPlugin",
  "jaeger.storage.v1.ArchiveSpanReaderPlugin",
  "jaeger.storage.v1.DependenciesReaderPlugin",
  "jaeger.storage.v1.PluginCapabilities",
  "jaeger.api_v2.QueryService",
  "jaeger.api_v3.QueryService",
] as const;

/** Every method this server's storage services declare. */
export const methods = services.flatMap((service) =>
  Object.values(definitions[service] as ServiceDefinition),
);

// biome-ignore lint/suspicious/noExplicitAny: answers are compared as they come, every field of theirs present
export type Answer = any;

/**
 * A client that knows the protocol from the .proto files, and can send bytes that are no message. A method is named
 * alone, or as SERVICE/METHOD where storage.v1 has one of the same name as storage.v2.
 */
export interface TestClient {
  unary(method: string, message: object | Buffer, options?: CallOptions): Promise<Answer>;
  stream(method: string, message: object | Buffer, options?: CallOptions): ClientReadableStream<Answer>;
  /** All messages of a stream. */
  collect(method: string, message: object | Buffer): Promise<Answer[]>;
  upload(method: string, options?: CallOptions): Upload;
  close(): void;
}

/** A stream of requests, and the answer when it has ended. */
export interface Upload {
  readonly call: ClientWritableStream<object>;
  readonly answer: Promise<Answer>;
}

export function connect(
  address: string,
  options: ClientOptions = {},
  headers: Readonly<Record<string, string | Buffer>> = {},
): TestClient {
  const metadata = () => {
    const result = new Metadata();
    for (const [key, value] of Object.entries(headers)) result.set(key, value);
    return result;
  };
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.use_local_subchannel_pool": 1,
    ...options,
  });
  const encoder = (method: MethodDefinition<object, object>) => (message: object) =>
    Buffer.isBuffer(message) ? message : method.requestSerialize(message);
  const stream: TestClient["stream"] = (name, message, callOptions = {}) => {
    const method = methodNamed(name);
    return client.makeServerStreamRequest(
      method.path,
      encoder(method),
      method.responseDeserialize,
      message,
      metadata(),
      callOptions,
    );
  };
  return {
    unary: (name, message, callOptions = {}) =>
      new Promise((resolve, reject) => {
        const method = methodNamed(name);
        client.makeUnaryRequest(
          method.path,
          encoder(method),
          method.responseDeserialize,
          message,
          metadata(),
          callOptions,
          (error, answer) => (error ? reject(error) : resolve(answer)),
        );
      }),
    stream,
    upload(name, callOptions = {}) {
      const method = methodNamed(name);
      let call: ClientWritableStream<object> | undefined;
      const answer = new Promise<Answer>((resolve, reject) => {
        call = client.makeClientStreamRequest(
          method.path,
          encoder(method),
          method.responseDeserialize,
          metadata(),
          callOptions,
          (error, result) => (error ? reject(error) : resolve(result)),
        );
      });
      // A test may look at the call's end later than it comes.
      answer.catch(() => {});
      return { call: call as ClientWritableStream<object>, answer };
    },
    async collect(name, message) {
      const answers: Answer[] = [];
      for await (const answer of stream(name, message)) answers.push(answer);
      return answers;
    },
    close: () => client.close(),
  };
}

export function methodNamed(name: string): MethodDefinition<object, object> {
  const path = `/${name}`;
  const found = methods.find((method) => method.path === path || method.path.endsWith(path));
  if (found === undefined) throw new Error(`no method ${name}`);
  return found;
}

/** A message type's codec, read from the .proto files. */
export function messageType(name: string) {
  return definitions[name] as unknown as {
    serialize(message: object): Buffer;
    deserialize(bytes: Buffer): Answer;
  };
}

export interface Served {
  readonly store: SpanStore;
  readonly server: RunningServer;
  readonly client: TestClient;
  stop(): Promise<void>;
}

/** A server over a memory store, or the given one, with a client. */
export async function serve(options: Partial<ServerOptions> = {}): Promise<Served> {
  const store = options.store ?? openMemoryStore();
  const server = await startServer({ listen: "127.0.0.1:0", ...options, store });
  const client = connect(server.address);
  return {
    store,
    server,
    client,
    async stop() {
      client.close();
      await server.close();
      await store.close();
    },
  };
}

/** A memory store of which some calls are replaced. */
export function storeWith(calls: Partial<SpanStore>): SpanStore {
  return { ...openMemoryStore(), ...calls };
}

/** The error that a call ends with. */
export async function errorOf(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error("the call succeeded");
}

export interface SpanGiven {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly service?: string;
  readonly name?: string;
  readonly kind?: number;
  readonly start?: bigint;
  readonly end?: bigint;
  readonly attributes?: Record<string, string | bigint>;
}

/** An Export request of these spans, a resource each. */
export function exportRequest(...spans: readonly SpanGiven[]): Buffer {
  return messageType("opentelemetry.proto.trace.v1.TracesData").serialize({
    resourceSpans: spans.map((span) => ({
      resource: { attributes: [{ key: "service.name", value: { stringValue: span.service ?? "cart" } }] },
      scopeSpans: [
        {
          spans: [
            {
              traceId: Buffer.from(span.traceId, "hex"),
              spanId: Buffer.from(span.spanId, "hex"),
              parentSpanId: Buffer.from(span.parentSpanId ?? "", "hex"),
              name: span.name ?? "GET /",
              kind: span.kind ?? 2,
              startTimeUnixNano: String(span.start ?? 1_700_000_000_000_000_000n),
              endTimeUnixNano: String(span.end ?? 1_700_000_000_100_000_000n),
              attributes: Object.entries(span.attributes ?? {}).map(([key, value]) => ({
                key,
                value: typeof value === "string" ? { stringValue: value } : { intValue: String(value) },
              })),
            },
          ],
        },
      ],
    })),
  });
}

/** A trace id of 16 bytes that ends in this number. */
export function traceId(n: number): string {
  return n.toString(16).padStart(32, "0");
}

export function spanId(n: number): string {
  return n.toString(16).padStart(16, "0");
}
