import { Buffer } from "node:buffer";
import { type CallOptions, Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";

/** gRPC methods that take and give buffers: nothing is decoded while something is measured. */
export interface RawClient {
  unary(method: string, request: Buffer): Promise<Buffer>;
  /** All messages of a server stream; `onMessage` may hold the stream back by the promise it returns. */
  stream(
    method: string,
    request: Buffer,
    onMessage?: (message: Buffer) => Promise<void> | undefined,
  ): Promise<Buffer[]>;
  /** Sends the requests as one client stream, as fast as it takes them. */
  upload(method: string, requests: Iterable<Buffer>): Promise<Buffer>;
  close(): void;
}

export const methods = {
  export: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  getTraces: "/jaeger.storage.v2.TraceReader/GetTraces",
  findTraces: "/jaeger.storage.v2.TraceReader/FindTraces",
  findTraceIds: "/jaeger.storage.v2.TraceReader/FindTraceIDs",
  findSpans: "/jaeger.storage.v2.TraceReader/FindSpans",
  findSummaries: "/jaeger.storage.v2.TraceReader/FindTraceSummaries",
  getServices: "/jaeger.storage.v2.TraceReader/GetServices",
  getOperations: "/jaeger.storage.v2.TraceReader/GetOperations",
  getDependencies: "/jaeger.storage.v2.DependencyReader/GetDependencies",
  getCapabilities: "/jaeger.storage.v2.Capabilities/GetCapabilities",
  writeSpan: "/jaeger.storage.v1.SpanWriterPlugin/WriteSpan",
  writeSpanStream: "/jaeger.storage.v1.StreamingSpanWriterPlugin/WriteSpanStream",
  getTrace: "/jaeger.storage.v1.SpanReaderPlugin/GetTrace",
  findTracesV1: "/jaeger.storage.v1.SpanReaderPlugin/FindTraces",
} as const;

const same = (bytes: Buffer): Buffer => bytes;
const deadlineMilliseconds = 120_000;

/** Opens one connection of its own to `address`; several clients never share one. */
export function connect(address: string): RawClient {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.use_local_subchannel_pool": 1,
  });
  const options = (): CallOptions => ({ deadline: Date.now() + deadlineMilliseconds });
  return {
    unary: (method, request) =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          method,
          same,
          same,
          request,
          new Metadata(),
          options(),
          (error: ServiceError | null, answer?: Buffer) => {
            if (error !== null) reject(error);
            else resolve(answer ?? Buffer.alloc(0));
          },
        );
      }),
    stream: (method, request, onMessage) =>
      new Promise((resolve, reject) => {
        const call = client.makeServerStreamRequest(method, same, same, request, new Metadata(), options());
        const messages: Buffer[] = [];
        call.on("data", (message: Buffer) => {
          if (onMessage === undefined) {
            messages.push(message);
            return;
          }
          const held = onMessage(message);
          if (held === undefined) return;
          call.pause();
          void held.then(() => call.resume());
        });
        call.on("error", reject);
        call.on("end", () => resolve(messages));
      }),
    upload: async (method, requests) => {
      let ended = false;
      let wake = (): void => {};
      const answer = new Promise<Buffer>((resolve, reject) => {
        const call = client.makeClientStreamRequest(
          method,
          same,
          same,
          new Metadata(),
          options(),
          (error: ServiceError | null, response?: Buffer) => {
            ended = true;
            wake();
            if (error !== null) reject(error);
            else resolve(response ?? Buffer.alloc(0));
          },
        );
        call.on("error", () => undefined);
        call.on("drain", () => wake());
        void (async () => {
          for (const request of requests) {
            if (ended) return;
            if (call.write(request)) continue;
            await new Promise<void>((resume) => {
              wake = resume;
            });
          }
          call.end();
        })();
      });
      return answer;
    },
    close: () => client.close(),
  };
}
