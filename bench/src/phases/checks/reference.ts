import { openMemoryStore, type SpanStore } from "@spanstore/core";
import { batchesOf } from "../../data/batches.js";
import { spansPerTrace } from "../../data/flows.js";
import { searchWindow } from "../../data/questions/queries.js";
import { maxSpanOffsetNano, stepNano } from "../../data/trace.js";
import { newestAge, type Session } from "../session.js";

/** The newest part of what the server stores, in core's memory engine: a second opinion beside the generator's. */
export interface Reference extends AsyncDisposable {
  readonly store: SpanStore;
  readonly spans: number;
  /** The window in which it holds every span. */
  readonly window: { readonly startMinNano: bigint; readonly startMaxNano: bigint };
}

/** How often the server and the memory engine gave the same answer, of how many questions. */
export interface SecondOpinion {
  readonly asked: number;
  readonly equal: number;
  /** Spans that the memory engine holds. */
  readonly spans: number;
}

/** The traces whose spans are looked for; more are written, so that none in the window is missing. */
const tracesInWindow = 1000;

export async function openReference(session: Session): Promise<Reference> {
  const { set } = session;
  const newest = newestAge(session);
  const older = tracesInWindow + Math.ceil(maxSpanOffsetNano / stepNano);
  const oldest = Math.min(set.traces - 1, newest + older);
  const store = await openMemoryStore();
  for (const batch of batchesOf(set, oldest, newest, 100 * spansPerTrace, "whole")) {
    await store.write(batch.bytes);
  }
  const startMinNano = set.endNano - BigInt(newest + tracesInWindow) * BigInt(stepNano);
  const { startMaxNano } = searchWindow(set);
  return {
    store,
    spans: (oldest - newest + 1) * spansPerTrace,
    window: { startMinNano, startMaxNano },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
