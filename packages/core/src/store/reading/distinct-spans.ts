import { visitSpans } from "../../otlp/groups.js";
import type { SpanView } from "../../otlp/span-view.js";
import type { Fragment } from "../contract/engine.js";
import { createDeduplicator } from "./assemble.js";

/** Visits the spans of a whole trace, each copy of a span once. A view is valid until the next visit. */
export function visitDistinctSpans(trace: readonly Fragment[], visit: (span: SpanView) => void): void {
  const deduplicate = createDeduplicator();
  for (const fragment of trace) {
    const encoded = deduplicate(fragment.encoded);
    if (encoded !== undefined) visitSpans(encoded, () => true, visit);
  }
}
