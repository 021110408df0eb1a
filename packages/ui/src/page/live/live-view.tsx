import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { FoundSpan } from "../api/search.js";
import { go, route, routeTo } from "../app/route.js";
import { textOfError } from "../kit/problem.js";
import { VirtualList } from "../kit/virtual-list.js";
import { FilterLine } from "../search/filter-line.js";
import { useMarks } from "../search/search-view.js";
import { SpanRow } from "../search/span-row.js";
import { wholeFilter } from "../search/state.js";
import { formatCount } from "../time/format.js";
import { t } from "../words/words.js";
import { watchSpans } from "./watch.js";

/** The most spans in the list. */
const mostSpans = 2000;
const retryMillis = 2000;

interface Seen {
  /** The newest first. */
  readonly spans: readonly FoundSpan[];
  readonly count: number;
  readonly leftOut: number;
}

const nothing: Seen = { spans: [], count: 0, leftOut: 0 };

/** Shows spans that match the filter as they arrive. */
export function LiveView(): JSX.Element {
  const q = route.value.query.get("q") ?? "";
  const [text, setText] = useState(q);
  const [seen, setSeen] = useState(nothing);
  const [problem, setProblem] = useState<unknown>();
  const [isPaused, setPaused] = useState(false);
  const marks = useMarks(q);
  const held = useRef(nothing);
  const paused = useRef(false);
  paused.current = isPaused;
  useEffect(() => {
    const left = new AbortController();
    held.current = nothing;
    setSeen(nothing);
    const watch = async (): Promise<void> => {
      while (!left.signal.aborted) {
        try {
          setProblem(undefined);
          await watchSpans(
            q,
            ({ spans, leftOut }) => {
              const before = held.current;
              held.current = {
                spans: [...spans.toReversed(), ...before.spans].slice(0, mostSpans),
                count: before.count + spans.length,
                leftOut: before.leftOut + leftOut,
              };
              if (!paused.current) setSeen(held.current);
            },
            left.signal,
          );
        } catch (error) {
          if (left.signal.aborted) return;
          setProblem(error);
          await new Promise((resolve) => setTimeout(resolve, retryMillis));
        }
      }
    };
    void watch();
    return () => left.abort();
  }, [q]);
  return (
    <div class="search">
      <h1 class="unseen">{t("live")}</h1>
      <search class="filter-bar">
        <div class="filter-row">
          <FilterLine
            text={text}
            setText={setText}
            run={(line) => go(routeTo("live", [], { q: wholeFilter(line) }))}
          />
          <button
            type="button"
            aria-pressed={isPaused}
            onClick={() => {
              setPaused(!isPaused);
              if (isPaused) setSeen(held.current);
            }}
          >
            {t(isPaused ? "goOn" : "pause")}
          </button>
        </div>
      </search>
      <section class="results" aria-label={t("results")}>
        <p class="result-head" role="status">
          {problem === undefined ? t("arrived", { count: formatCount(seen.count) }) : textOfError(problem)}
          {seen.leftOut > 0 && ` · ${t("leftOut", { count: formatCount(seen.leftOut) })}`}
        </p>
        <VirtualList
          class="span-list"
          label={t("spans")}
          count={seen.spans.length}
          rowHeight={30}
          row={(index) => <SpanRow span={seen.spans[index] as FoundSpan} q={q} marks={marks} columns={[]} />}
        >
          {seen.count === 0 && <p class="nothing">{t("waitingForSpans")}</p>}
        </VirtualList>
      </section>
    </div>
  );
}
