import { Buffer } from "node:buffer";
import { createWriter } from "../wire/writer.js";
import type { Batch } from "./batches.js";
import { putResourceSpans, putSpan, timeBase } from "./encode.js";
import { spansPerTrace } from "./flows.js";
import { hash, mix } from "./random.js";
import { namedResource } from "./resources.js";
import { createDraft, type DataSet, draftTrace, hexWord } from "./trace.js";
import { commonExperiments } from "./vocabulary.js";

/** One trace of very many spans, all of a service that no other trace has. */
export interface LargeTrace {
  readonly traceId: string;
  readonly spans: number;
  /** Its Export requests of at most `batchSpans` spans each. */
  batches(batchSpans: number): Generator<Batch>;
}

/** Shorter than any duration that is searched for. */
const longestNano = 50_000_000;

const largeTraceService = "batch-import";

/**
 * A trace of `spans` spans: the ordinary traces' spans in groups of ten under one trace id, without their rare
 * attribute values and long durations, which other searches look for. Virtual times are those of the newest traces of a data set with another seed.
 */
export function largeTrace(set: DataSet, spans: number): LargeTrace {
  const own: DataSet = { ...set, seed: hash(set.seed, spans, 11) };
  const words = [mix(own.seed), mix(own.seed + 1), mix(own.seed + 2), mix(own.seed + 3)];
  const template = namedResource(largeTraceService);
  return {
    traceId: words.map(hexWord).join(""),
    spans,
    *batches(batchSpans) {
      const base = timeBase(set.endNano);
      const draft = createDraft();
      const group = createWriter(1 << 19);
      const request = createWriter(1 << 19);
      let inBatch = 0;
      for (let sent = 0; sent < spans; sent += spansPerTrace) {
        draftTrace(own, sent / spansPerTrace, draft);
        draft.traceId.set(words);
        for (let i = 0; i < spansPerTrace; i++) {
          draft.experiment[i] = (draft.experiment[i] as number) % commonExperiments.length;
          draft.duration[i] = Math.min(draft.duration[i] as number, longestNano);
          putSpan(group, draft, i, base);
        }
        inBatch += spansPerTrace;
        if (inBatch + spansPerTrace > batchSpans || sent + spansPerTrace >= spans) {
          request.length = 0;
          putResourceSpans(request, template, group.bytes.subarray(0, group.length));
          yield { bytes: Buffer.from(request.bytes.subarray(0, request.length)), spans: inBatch };
          group.length = 0;
          inBatch = 0;
        }
      }
    },
  };
}
