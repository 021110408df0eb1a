import {
  type ChannelCredentials,
  Client,
  type ClientReadableStream,
  credentials as grpcCredentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { SpanStoreError } from "@spanstore/core";
import { throwIfAborted } from "@spanstore/core/engine";
import { errorOfCall } from "./call-errors.js";

/** A connection for encoded messages. */
export interface Channel {
  /**
   * @param method `/package.Service/Method`.
   * @throws SpanStoreError; ABORTED when the signal fires.
   */
  unary(method: string, request: Uint8Array, signal: AbortSignal | undefined): Promise<Buffer>;
  /** Streams messages, a few ahead of the consumer. Leaving the loop early cancels the call. */
  stream(method: string, request: Uint8Array, signal: AbortSignal | undefined): AsyncIterable<Buffer>;
  /** The same connection with one more header on every call. Only `close` of the original closes it. */
  with(header: Header): Channel;
  close(): void;
}

export type Header = readonly [name: string, value: string | Buffer];

export interface ChannelOptions {
  readonly credentials: ChannelCredentials | undefined;
  /** The name in the server's certificate. Undefined: the host of the address. */
  readonly serverName: string | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly maxReceiveMessageBytes: number;
}

/** @throws INVALID_OPTIONS naming the option at fault. */
export function openChannel(address: string, options: ChannelOptions): Channel {
  const { credentials = grpcCredentials.createInsecure() } = options;
  const metadata = metadataOf(Object.entries(options.metadata ?? {}));
  return channelOf(clientOf(address, credentials, options), metadata);
}

function channelOf(client: Client, metadata: Metadata): Channel {
  return {
    async unary(method, request, signal) {
      throwIfAborted(signal);
      let cancel = (): void => {};
      try {
        return await new Promise<Buffer>((resolve, reject) => {
          const call = client.makeUnaryRequest(
            method,
            asBuffer,
            sameBuffer,
            request,
            metadata.clone(),
            (error: ServiceError | null, answer?: Buffer) => {
              if (answer === undefined) reject(error);
              else resolve(answer);
            },
          );
          cancel = () => call.cancel();
          signal?.addEventListener("abort", cancel, { once: true });
        });
      } catch (error) {
        throw errorOfCall(error, signal);
      } finally {
        signal?.removeEventListener("abort", cancel);
      }
    },
    async *stream(method, request, signal) {
      throwIfAborted(signal);
      const call: ClientReadableStream<Buffer> = client.makeServerStreamRequest(
        method,
        asBuffer,
        sameBuffer,
        request,
        metadata.clone(),
      );
      const cancel = (): void => call.cancel();
      signal?.addEventListener("abort", cancel, { once: true });
      // After the reader has left, no other listener takes the call's error.
      call.on("error", () => {});
      try {
        for await (const message of call as AsyncIterable<Buffer>) {
          throwIfAborted(signal);
          yield message;
          throwIfAborted(signal);
        }
      } catch (error) {
        throw errorOfCall(error, signal);
      } finally {
        signal?.removeEventListener("abort", cancel);
        call.cancel();
      }
    },
    with(header) {
      const more = metadata.clone();
      more.merge(metadataOf([header]));
      return channelOf(client, more);
    },
    close: () => client.close(),
  };
}

function clientOf(
  address: string,
  credentials: ChannelCredentials,
  { maxReceiveMessageBytes, serverName }: ChannelOptions,
): Client {
  try {
    return new Client(address, credentials, {
      "grpc.max_receive_message_length": maxReceiveMessageBytes,
      "grpc.max_send_message_length": -1,
      ...(serverName === undefined ? {} : { "grpc.ssl_target_name_override": serverName }),
      // One connection for each store, so that closing the store closes it.
      "grpc.use_local_subchannel_pool": 1,
      // With longer pauses the client would find a recovered server only after minutes.
      "grpc.initial_reconnect_backoff_ms": 200,
      "grpc.max_reconnect_backoff_ms": 5000,
      "grpc.enable_channelz": 0,
    });
  } catch (cause) {
    throw new SpanStoreError("INVALID_OPTIONS", `is no address: ${JSON.stringify(address)}`, {
      field: "address",
      hint: "HOST:PORT",
      cause,
    });
  }
}

function metadataOf(headers: readonly Header[]): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of headers) {
    try {
      metadata.set(key, value);
    } catch (cause) {
      throw new SpanStoreError("INVALID_OPTIONS", `${JSON.stringify(key)} is no header that gRPC takes`, {
        field: "metadata",
        cause,
      });
    }
  }
  return metadata;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function sameBuffer(bytes: Buffer): Buffer {
  return bytes;
}
