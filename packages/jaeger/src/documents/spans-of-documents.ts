import { isSpanStoreError } from "@spanstore/core";
import { FragmentWriter, parseGroups } from "@spanstore/core/otlp";
import { otlpOfJaegerSpan } from "../to-otlp/otlp-of-span.js";
import { documentText } from "./document-text.js";
import type { JaegerDocument, UnusableDocument } from "./documents.js";
import { jaegerSpanOfDocument } from "./span-of-document.js";

/** Tag of `flags` in OTLP's Span: number 16, fixed32. */
const flagsTag = [0x85, 0x01] as const;
const flagsSize = flagsTag.length + 4;

/** Converts a page of documents to one encoded TracesData, and lists the documents that are no spans. */
export function spansOfDocuments(
  documents: readonly JaegerDocument[],
  dotReplacement: string,
): { readonly encoded: Uint8Array; readonly unusable: readonly UnusableDocument[] } {
  const spans: Uint8Array[] = [];
  const unusable: UnusableDocument[] = [];
  for (const { index, id, source } of documents) {
    try {
      const span = otlpOfJaegerSpan(jaegerSpanOfDocument(source, dotReplacement));
      const { flags } = source;
      spans.push(typeof flags === "number" && flags !== 0 ? withFlags(span, flags) : span);
    } catch (error) {
      if (!isSpanStoreError(error)) throw error;
      unusable.push({ reason: error.message, where: `${index}/${id}`, encoded: documentText(source) });
    }
  }
  return { encoded: Buffer.concat(spans), unusable };
}

/**
 * Adds the flags to a TracesData of one span, in OTLP's own field. Jaeger 2 puts them there when it reads documents of any
 * version.
 */
function withFlags(traces: Uint8Array, flags: number): Uint8Array {
  const bytes = Buffer.alloc(traces.length + flagsSize);
  bytes.set(traces);
  bytes.set(flagsTag, traces.length);
  bytes.writeUInt32LE(flags >>> 0, traces.length + flagsTag.length);
  const writer = new FragmentWriter();
  for (const group of parseGroups(traces)) {
    // The span ends the bytes, so its range can be extended over the flags.
    writer.add({ ...group, bytes }, group.spans[0] as number, (group.spans[1] as number) + flagsSize);
  }
  return writer.encode();
}
