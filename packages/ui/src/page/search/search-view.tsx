import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type FoundSpan, type Range, searchSpans, searchTraces, type TraceSummary } from "../api/search.js";
import { go, route, routeTo } from "../app/route.js";
import { loadLanguage } from "../filter/load.js";
import { t } from "../words/words.js";
import { FilterBar } from "./filter-bar.js";
import { createPager } from "./pager.js";
import { Scatter } from "./scatter.js";
import { SpanTable } from "./span-table.js";
import { hashOfSearch, rangeOf, type SearchState, searchOfQuery, traceIdIn, wholeFilter } from "./state.js";
import { TraceList } from "./trace-list.js";

/** The first view: a filter and its results. The URL has its state. */
export function SearchView(): JSX.Element {
  const text = route.value.query.toString();
  const state = useMemo(() => searchOfQuery(new URLSearchParams(text)), [text]);
  const [asked, setAsked] = useState(0);
  // Repeating a search moves its range up to now.
  const range = useMemo(() => rangeOf(state.time, Date.now()), [state, asked]);
  const marks = useMarks(state.q);
  const change = (next: Partial<SearchState>): void => {
    const id = next.q === undefined ? undefined : traceIdIn(next.q);
    if (id !== undefined) {
      go(routeTo("trace", [id]));
      return;
    }
    const q = wholeFilter(next.q ?? state.q);
    const hash = hashOfSearch({ ...state, ...next, q });
    if (hash === hashOfSearch(state)) setAsked((n) => n + 1);
    else go(hash);
  };
  return (
    <div class="search">
      <h1 class="unseen">{t("search")}</h1>
      <FilterBar state={state} change={change} />
      {state.find === "traces" ? (
        <Traces state={state} range={range} marks={marks} change={change} />
      ) : (
        <Spans state={state} range={range} marks={marks} change={change} />
      )}
    </div>
  );
}

export interface ResultProps {
  readonly state: SearchState;
  readonly range: Range;
  readonly marks: readonly string[];
  readonly change: (next: Partial<SearchState>) => void;
}

function Traces({ state, range, marks, change }: ResultProps): JSX.Element {
  const { q } = state;
  const pager = useMemo(
    () => createPager<TraceSummary>((token, signal) => searchTraces(q, range, token, signal)),
    [q, range],
  );
  useEffect(() => {
    pager.more();
    return () => pager.stop();
  }, [pager]);
  const found = pager.found.value;
  const changing = useRef(change);
  changing.current = change;
  const onRange = useCallback((time: Range) => changing.current({ time }), []);
  return (
    <>
      <Scatter traces={found.items} q={q} onRange={onRange} />
      <TraceList pager={pager} found={found} q={q} marks={marks} />
    </>
  );
}

function Spans({ state, range, marks, change }: ResultProps): JSX.Element {
  const { q, order } = state;
  const { field, direction } = order;
  const pager = useMemo(
    () =>
      createPager<FoundSpan>((pageToken, signal) =>
        searchSpans({ q, range, order: { field, direction }, pageToken }, signal),
      ),
    [q, range, field, direction],
  );
  useEffect(() => {
    pager.more();
    return () => pager.stop();
  }, [pager]);
  return <SpanTable pager={pager} found={pager.found.value} state={state} marks={marks} change={change} />;
}

/** The texts of a filter to mark in results. */
export function useMarks(q: string): readonly string[] {
  const [marks, setMarks] = useState<readonly string[]>([]);
  useEffect(() => {
    let isCurrent = true;
    if (q === "") setMarks([]);
    else {
      loadLanguage().then(
        ({ literalsOf }) => isCurrent && setMarks(literalsOf(q)),
        () => {},
      );
    }
    return () => {
      isCurrent = false;
    };
  }, [q]);
  return marks;
}
