import assert from "node:assert/strict";
import { encodeTraces } from "../../otlp/encode.js";
import { walkSpans } from "../answers.js";
import { labelsOf } from "../contents.js";
import type { Suite } from "../harness.js";
import { type TestSpan, tracesOf } from "../spans.js";

/** A little more than a search holds for a page of 8 MiB before it drops the spans beyond the page. */
const largeSpans = 11;
const smallSpans = 24;
const largeText = "x".repeat(1_000_000);

export function describePageEdges(suite: Suite): void {
  suite.it("pages cut by bytes skip no span that differs from others only in its content", async (store) => {
    const twins = Array.from({ length: largeSpans + smallSpans }, (_, i): TestSpan => {
      const attributes = i < largeSpans ? { number: i, text: largeText } : { number: i };
      return { trace: 1, id: 1, attributes };
    });
    // The large spans come first, so that they fill a page when the small ones arrive.
    for (let i = 0; i < largeSpans; i += 4) await store.write(tracesOf(...twins.slice(i, i + 4)));
    await store.write(tracesOf(...twins.slice(largeSpans)));
    const expected = labelsOf(encodeTraces(tracesOf(...twins)));
    assert.deepEqual((await walkSpans(store, {}, twins.length)).sort(), expected.sort());
  });
}
