import type { JaegerIndices } from "@spanstore/grpc-server/program";
import { documentText, spansOfDocuments } from "@spanstore/jaeger";
import type { SpanSource } from "./source.js";

const nanosPerMicro = 1_000n;

/** Reads the spans of Jaeger's own indices, translated as Jaeger's reader does. */
export function jaegerSource(indices: JaegerIndices, dotReplacement: string): SpanSource {
  return {
    async *read({ min, max }, signal) {
      const range = {
        min: Number((min + nanosPerMicro - 1n) / nanosPerMicro),
        max: Number(max / nanosPerMicro),
      };
      for await (const page of indices.read(range, { signal })) yield spansOfDocuments(page, dotReplacement);
    },
    async *readUnplaced(signal) {
      for await (const page of indices.readWithoutTime({ signal })) {
        const unusable = page.map(({ index, id, source }) => ({
          reason: "startTime is no time between 1970 and 2255",
          where: `${index}/${id}`,
          encoded: documentText(source),
        }));
        yield { encoded: new Uint8Array(0), unusable };
      }
    },
  };
}
