import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { TraceSummary } from "../api/search.js";
import { go, routeTo } from "../app/route.js";
import { colourOf } from "../kit/colours.js";
import { Icon } from "../kit/icons.js";
import { Problem } from "../kit/problem.js";
import { Text } from "../kit/text.js";
import { VirtualList } from "../kit/virtual-list.js";
import { formatCount, formatDuration, formatTime } from "../time/format.js";
import { t } from "../words/words.js";
import { listKeys } from "./list-keys.js";
import type { Found, Pager } from "./pager.js";

interface TraceListProps {
  readonly pager: Pager<TraceSummary>;
  readonly found: Found<TraceSummary>;
  readonly q: string;
  readonly marks: readonly string[];
}

const rowHeight = 54;

/** The list of found traces, newest first. */
export function TraceList({ pager, found, q, marks }: TraceListProps): JSX.Element {
  const { items } = found;
  const [chosen, setChosen] = useState(-1);
  // Keys may arrive faster than the page draws.
  const current = useRef(-1);
  const longest = Math.max(1, ...items.map(durationOf));
  useEffect(
    () =>
      listKeys({
        move: (step) => {
          current.current = Math.min(items.length - 1, Math.max(0, current.current + step));
          setChosen(current.current);
        },
        open: () => {
          const trace = items[current.current];
          if (trace !== undefined) go(routeTo("trace", [trace.traceId], { q }));
        },
      }),
    [items, q],
  );
  return (
    <section class="results" aria-label={t("results")}>
      <ResultHead found={found} word={found.hasMore ? "tracesSoFar" : "tracesFound"} />
      <VirtualList
        class="trace-list"
        label={t("traces")}
        count={items.length}
        rowHeight={rowHeight}
        shown={chosen < 0 ? undefined : chosen}
        onEnd={pager.more}
        row={(index) => {
          const trace = items[index] as TraceSummary;
          return <TraceRow trace={trace} longest={longest} isChosen={index === chosen} q={q} marks={marks} />;
        }}
      >
        <Foot found={found} pager={pager} />
      </VirtualList>
    </section>
  );
}

export function ResultHead({
  found,
  word,
}: {
  readonly found: Found<unknown>;
  readonly word: "tracesSoFar" | "tracesFound" | "spansSoFar" | "spansFound";
}): JSX.Element {
  return (
    <p class="result-head" role="status">
      {found.items.length === 0 && found.isLoading
        ? t("loading")
        : t(word, { count: formatCount(found.items.length) })}
    </p>
  );
}

/** The row below the last one: more is loading, nothing was found, or an error. */
export function Foot({
  found,
  pager,
}: {
  readonly found: Found<unknown>;
  readonly pager: Pager<unknown>;
}): JSX.Element | null {
  if (found.error !== undefined) return <Problem error={found.error} retry={pager.retry} />;
  if (found.isLoading) return <p class="waiting">{t("loading")}</p>;
  if (found.items.length > 0) return null;
  return (
    <div class="nothing">
      <p>{t("nothingFound")}</p>
      <p class="hint">{t("nothingHint")}</p>
    </div>
  );
}

interface TraceRowProps {
  readonly trace: TraceSummary;
  readonly longest: number;
  readonly isChosen: boolean;
  readonly q: string;
  readonly marks: readonly string[];
}

function TraceRow({ trace, longest, isChosen, q, marks }: TraceRowProps): JSX.Element {
  const duration = durationOf(trace);
  const service = trace.rootServiceName || trace.services[0]?.name || "";
  return (
    <a
      class={`trace-row ${isChosen ? "chosen" : ""}`}
      href={routeTo("trace", [trace.traceId], { q })}
      aria-current={isChosen ? "true" : undefined}
    >
      <span class={`bar ${colourOf(service)}`} aria-hidden="true" />
      <span class="trace-name">
        <span class="trace-root">
          <strong>
            <Text value={service || t("noRoot")} marks={marks} />
          </strong>{" "}
          <Text value={trace.rootOperationName || t("noRoot")} marks={marks} />
        </span>
        <span class="chips">
          {trace.services.slice(0, 8).map(({ name, spanCount, errorSpanCount }) => (
            <span key={name} class={`chip ${colourOf(name)} ${errorSpanCount > 0 ? "with-error" : ""}`}>
              <Text value={name} marks={marks} most={60} /> <small>{formatCount(spanCount)}</small>
            </span>
          ))}
          {trace.services.length > 8 && <small>+{trace.services.length - 8}</small>}
        </span>
      </span>
      <span class="trace-errors">
        {trace.errorSpanCount > 0 && (
          <span class="error" title={t("errorSpans", { count: trace.errorSpanCount })}>
            <Icon name="error" /> {formatCount(trace.errorSpanCount)}
          </span>
        )}
      </span>
      <span class="trace-spans">{t("spanCount", { count: formatCount(trace.spanCount) })}</span>
      <span class="trace-duration">
        <span>{formatDuration(duration)}</span>
        <span class="meter" aria-hidden="true">
          <span
            class={colourOf(service)}
            style={{ width: `${Math.max(0.5, (duration / longest) * 100)}%` }}
          />
        </span>
      </span>
      <time class="trace-time">{formatTime(trace.minStartTimeUnixNano)}</time>
    </a>
  );
}

export function durationOf(trace: TraceSummary): number {
  return Number(trace.maxEndTimeUnixNano - trace.minStartTimeUnixNano);
}
