import { useEffect, useState } from "preact/hooks";
import { loadTrace, matchingSpans } from "../api/trace.js";
import { type ClockSkew, clockSkewsOf } from "./model/clock-skew.js";
import { criticalPathOf, type Segment } from "./model/critical-path.js";
import { readTrace, type TraceModel } from "./model/model.js";
import { type Tree, treeOf } from "./model/tree.js";

/** A trace with the results computed from it. */
export interface LoadedTrace {
  readonly traceId: string;
  readonly model: TraceModel;
  readonly tree: Tree;
  readonly critical: ReadonlyMap<number, readonly Segment[]>;
  readonly skews: readonly ClockSkew[];
}

export interface Loading {
  readonly loaded?: LoadedTrace;
  readonly error?: unknown;
  /** Loads the trace again. */
  readonly retry: () => void;
}

/** The longest step of work, between which the page draws. */
const stepMillis = 40;

export function useTrace(traceId: string): Loading {
  const [state, setState] = useState<Omit<Loading, "retry">>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const left = new AbortController();
    setState({});
    openTrace(traceId, left.signal).then(
      (loaded) => left.signal.aborted || setState({ loaded }),
      (error: unknown) => left.signal.aborted || setState({ error }),
    );
    return () => left.abort();
  }, [traceId, turn]);
  return { ...state, retry: () => setTurn((n) => n + 1) };
}

/** Loads a trace and computes the results for its views. */
export async function openTrace(traceId: string, signal: AbortSignal): Promise<LoadedTrace> {
  const bytes = await loadTrace(traceId, signal);
  const reading = readTrace(bytes);
  let began = performance.now();
  let step = reading.next();
  for (; !step.done; step = reading.next()) {
    if (performance.now() - began < stepMillis) continue;
    await nextTask();
    began = performance.now();
  }
  const model = step.value;
  await nextTask();
  const tree = treeOf(model);
  await nextTask();
  const critical = criticalPathOf(model, tree);
  await nextTask();
  const skews = clockSkewsOf(model, tree);
  await nextTask();
  return { traceId, model, tree, critical, skews };
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}

/** Ids of the spans that the search's filter found; none without a filter. */
export function useMatches(traceId: string, filter: string): ReadonlySet<string> {
  const [matches, setMatches] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    setMatches(new Set());
    if (filter === "") return;
    const left = new AbortController();
    matchingSpans(traceId, filter, left.signal).then(
      (found) => left.signal.aborted || setMatches(found),
      // Without matches the trace is shown without marks.
      () => {},
    );
    return () => left.abort();
  }, [traceId, filter]);
  return matches;
}
