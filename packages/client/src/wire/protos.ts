import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { loadSync, type Options, type PackageDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import { SpanStoreError } from "@spanstore/core";
import { messageOf } from "@spanstore/core/engine";

/** Found by the package's name, since source and built file have different paths to it. */
const ownFolder = join(
  dirname(createRequire(import.meta.url).resolve("@spanstore/client/package.json")),
  "proto",
);
const ownFiles = [
  "google/rpc/status.proto",
  "jaeger/api_v2/query.proto",
  "jaeger/api_v3/query_service.proto",
  "jaeger/storage/v1/storage.proto",
  "jaeger/storage/v2/capabilities.proto",
  "jaeger/storage/v2/dependency_storage.proto",
  "jaeger/storage/v2/trace_storage.proto",
  "opentelemetry/proto/collector/trace/v1/trace_service.proto",
  "spanstore/metrics/v1/metrics.proto",
];

let loaded: PackageDefinition | undefined;

/** The messages and services of our own .proto files. */
function protos(): PackageDefinition {
  loaded ??= loadProtos(ownPaths(), { longs: String });
  return loaded;
}

/** The paths of our own .proto files. */
export function ownPaths(): string[] {
  return ownFiles.map((file) => join(ownFolder, file));
}

/** Loads .proto files, which may import our own. */
export function loadProtos(paths: string[], options: Options): PackageDefinition {
  return loadSync(paths, { ...options, includeDirs: [ownFolder] });
}

/** A service's methods by name. */
export function serviceOf(name: string): ServiceDefinition {
  return protos()[name] as ServiceDefinition;
}

/**
 * Encodes and decodes a message type. `T` is its plain object, with camel-cased names, without absent fields, and with
 * 64-bit integers as decimal strings.
 */
export interface MessageCodec<T extends object> {
  /** @throws INVALID_QUERY for bytes that are not such a message. */
  decode(bytes: Buffer): T;
  encode(message: T): Buffer;
}

export function messageCodec<T extends object>(name: string): MessageCodec<T> {
  const type = protos()[name] as unknown as {
    deserialize(bytes: Uint8Array): T;
    serialize(message: T): Buffer;
  };
  const shortName = name.slice(name.lastIndexOf(".") + 1);
  return {
    decode(bytes) {
      try {
        // A Uint8Array, since protobufjs accepts a truncated string in a Buffer.
        return type.deserialize(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      } catch (error) {
        throw new SpanStoreError("INVALID_QUERY", `these bytes are no ${shortName}: ${messageOf(error)}`, {
          cause: error,
        });
      }
    },
    encode: (message) => type.serialize(message),
  };
}
