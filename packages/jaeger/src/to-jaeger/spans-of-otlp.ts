import { parseGroups, WireWriter } from "@spanstore/core/otlp";
import { Surroundings } from "../model/surroundings.js";
import { writeJaegerSpan } from "./write-jaeger-span.js";

const spansTag = 0x0a;

// Shared by all spans: each is written and copied before the next begins.
const writer = new WireWriter();

/**
 * Converts the spans of an encoded TracesData, in order, to encoded jaeger.api_v2.Span with their process, like the translator
 * of Jaeger 1.76. Spans from `otlpOfJaegerSpan` come back unchanged.
 *
 * @throws INVALID_TRACES when the bytes are no OTLP.
 */
export function* jaegerSpansOf(encodedTracesData: Uint8Array): Generator<Uint8Array, void, undefined> {
  const surroundings = new Surroundings();
  for (const { bytes, resource, scope, spans } of parseGroups(encodedTracesData)) {
    for (let i = 0; i < spans.length; i += 2) {
      surroundings.enter(resource.encoded, scope.encoded);
      writer.reset();
      writeJaegerSpan(writer, bytes, spans[i] as number, spans[i + 1] as number, surroundings);
      yield writer.take();
    }
  }
}

/**
 * Like `jaegerSpansOf`, in encoded jaeger.storage.v1.SpansResponseChunk of at most `spans` spans and `bytes` bytes. A larger
 * span gets its own chunk.
 *
 * @throws INVALID_TRACES when the bytes are no OTLP.
 */
export function* spansResponseChunks(
  encodedTracesData: Uint8Array,
  { spans: maxSpans = 1000, bytes: maxBytes = 3 * 1024 * 1024 }: { spans?: number; bytes?: number } = {},
): Generator<Uint8Array, void, undefined> {
  const surroundings = new Surroundings();
  const capacity = Math.min(maxBytes, encodedTracesData.length * 2);
  let chunk = Buffer.allocUnsafeSlow(capacity);
  let size = 0;
  let count = 0;
  for (const { bytes, resource, scope, spans } of parseGroups(encodedTracesData)) {
    for (let i = 0; i < spans.length; i += 2) {
      surroundings.enter(resource.encoded, scope.encoded);
      writer.reset();
      writeJaegerSpan(writer, bytes, spans[i] as number, spans[i + 1] as number, surroundings);
      writer.message(spansTag, 0);
      const spanSize = writer.mark();
      let full: Buffer | undefined;
      if (count > 0 && (count >= maxSpans || size + spanSize > maxBytes)) {
        full = chunk.subarray(0, size);
        chunk = Buffer.allocUnsafeSlow(Math.max(capacity, spanSize));
        size = 0;
        count = 0;
      } else if (size + spanSize > chunk.length) {
        const longer = Buffer.allocUnsafeSlow(
          Math.max(Math.min(chunk.length * 2, maxBytes), size + spanSize),
        );
        longer.set(chunk.subarray(0, size));
        chunk = longer;
      }
      writer.copyTo(chunk, size);
      size += spanSize;
      count++;
      if (full !== undefined) yield full;
    }
  }
  if (count > 0) yield chunk.subarray(0, size);
}
