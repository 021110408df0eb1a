import { SpanStoreError } from "@spanstore/core";
import type { StreamMethod, UnaryMethod } from "@spanstore/rpc";

/** The methods of the archive's services that the archive plugins call. */
export interface ArchiveMethods {
  readonly writeSpan: UnaryMethod;
  readonly getTrace: StreamMethod;
}

/**
 * jaeger.storage.v1.ArchiveSpanWriterPlugin and ArchiveSpanReaderPlugin: the writer and the reader of the archive.
 * @param open opens the archive unless it is open; undefined: there is none.
 */
export function archivePlugins(open: (() => Promise<ArchiveMethods>) | undefined): {
  writer: Record<string, UnaryMethod>;
  reader: Record<string, StreamMethod>;
} {
  const opened = (): Promise<ArchiveMethods> => {
    if (open === undefined) throw new SpanStoreError("UNSUPPORTED", "this server has no archive");
    return open();
  };
  return {
    writer: { WriteArchiveSpan: async (request, signal) => (await opened()).writeSpan(request, signal) },
    reader: {
      async *GetArchiveTrace(request, signal) {
        yield* (await opened()).getTrace(request, signal);
      },
    },
  };
}
