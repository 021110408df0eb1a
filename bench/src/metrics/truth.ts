import type { MetricSeries } from "@spanstore/core";
import { spansPerTrace } from "../data/flows.js";
import { createDraft, type DataSet, draftTrace } from "../data/trace.js";
import { services } from "../data/vocabulary.js";

/** Calls and errors by service and operation. */
export type Counts = Map<string, { calls: number; errors: number }>;

/** Adds the spans of the traces of ages `newest` to `oldest`. */
export function addSpans(set: DataSet, newest: number, oldest: number, counts: Counts): void {
  const draft = createDraft();
  for (let age = newest; age <= oldest; age++) {
    draftTrace(set, age, draft);
    for (let i = 0; i < spansPerTrace; i++) {
      const slot = draft.flow.slots[i];
      if (slot === undefined) continue;
      const key = `${services[slot.service]} ${slot.operation}`;
      const count = counts.get(key) ?? { calls: 0, errors: 0 };
      counts.set(key, count);
      count.calls++;
      if ((draft.errors >> i) & 1) count.errors++;
    }
  }
}

/** Whether an answer by service and operation, with however many points, counts exactly these spans. */
export function isExact(answer: readonly MetricSeries[], counts: Counts): boolean {
  if (answer.length !== counts.size) return false;
  return answer.every(({ labels, points }) => {
    const known = counts.get(`${labels.service} ${labels.operation}`);
    const calls = points.reduce((sum, point) => sum + point.calls, 0);
    const errors = points.reduce((sum, point) => sum + point.errors, 0);
    return known?.calls === calls && known.errors === errors;
  });
}
