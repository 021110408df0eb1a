import type { SpanStore } from "@spanstore/core";
import type { Services } from "@spanstore/rpc";
import { dependencyReader } from "../storage-v2/dependency-reader.js";
import type { DeadLetters } from "../upkeep/dead-letters.js";
import type { Metrics } from "../upkeep/metrics.js";
import { type ArchiveMethods, archivePlugins } from "./archive.js";
import { pluginCapabilities } from "./capabilities.js";
import { spanReader } from "./span-reader.js";
import { spanWriter } from "./span-writer.js";

export interface StorageV1 {
  readonly services: Services;
  /** The methods for the archive services of another store. */
  readonly asArchive: ArchiveMethods;
}

/**
 * jaeger.storage.v1 over a store.
 * @param openArchive opens the archive of this store, if it has one.
 * @param declareStreaming see `DeclaredCapabilities`.
 */
export function storageV1(
  store: SpanStore,
  openArchive: (() => Promise<ArchiveMethods>) | undefined,
  declareStreaming: boolean,
  metrics: Metrics,
  deadLetters: DeadLetters,
): StorageV1 {
  const { writeSpan, writeSpanStream, close } = spanWriter(store, metrics, deadLetters);
  const reader = spanReader(store);
  const archive = archivePlugins(openArchive);
  return {
    services: {
      "jaeger.storage.v1.SpanWriterPlugin": { unary: { WriteSpan: writeSpan, Close: close } },
      "jaeger.storage.v1.StreamingSpanWriterPlugin": { uploads: { WriteSpanStream: writeSpanStream } },
      "jaeger.storage.v1.SpanReaderPlugin": reader,
      "jaeger.storage.v1.ArchiveSpanWriterPlugin": { unary: archive.writer },
      "jaeger.storage.v1.ArchiveSpanReaderPlugin": { streams: archive.reader },
      "jaeger.storage.v1.DependenciesReaderPlugin": {
        unary: dependencyReader(store, "jaeger.storage.v1"),
      },
      "jaeger.storage.v1.PluginCapabilities": {
        unary: pluginCapabilities({ archive: openArchive !== undefined, streaming: declareStreaming }),
      },
    },
    asArchive: { writeSpan, getTrace: reader.streams.GetTrace },
  };
}
