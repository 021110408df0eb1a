import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Range, TraceSummary } from "../api/search.js";
import { go, routeTo } from "../app/route.js";
import { settings } from "../app/settings.js";
import { formatDuration, formatTime } from "../time/format.js";
import { t } from "../words/words.js";
import { durationOf } from "./trace-list.js";

interface ScatterProps {
  readonly traces: readonly TraceSummary[];
  readonly q: string;
  /** Called when the user drags over a range of time. */
  readonly onRange: (range: Range) => void;
}

/** Plots the durations of traces over time, a point for each trace. The list has the same information. */
export function Scatter({ traces, q, onRange }: ScatterProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [hovered, setHovered] = useState<TraceSummary>();
  const sorted = useMemo(
    () => traces.toSorted((a, b) => (a.minStartTimeUnixNano < b.minStartTimeUnixNano ? -1 : 1)),
    [traces],
  );
  const isUtc = settings.zone.value === "utc";
  const language = settings.language.value;
  useEffect(() => {
    const element = place.current;
    if (element === null || sorted.length === 0) return;
    let remove = (): void => {};
    let isLeft = false;
    void import("./plot.js").then(({ drawScatter }) => {
      if (isLeft) return;
      remove = drawScatter(element, {
        points: sorted.map((trace) => ({
          at: Number(trace.minStartTimeUnixNano / 1_000_000n),
          nanos: Math.max(1, durationOf(trace)),
          isError: trace.errorSpanCount > 0,
        })),
        isUtc,
        onHover: (index) => setHovered(index === undefined ? undefined : sorted[index]),
        onOpen: (index) => {
          const trace = sorted[index];
          if (trace !== undefined) go(routeTo("trace", [trace.traceId], { q }));
        },
        onRange,
      });
    });
    return () => {
      isLeft = true;
      remove();
    };
  }, [sorted, isUtc, language, q, onRange]);
  return (
    <figure class="scatter" aria-label={t("scatter")}>
      <div ref={place} class="plot" />
      <figcaption>
        {hovered === undefined
          ? t("scatterHint")
          : `${hovered.rootServiceName} ${hovered.rootOperationName} · ${formatDuration(durationOf(hovered))} · ${formatTime(hovered.minStartTimeUnixNano)}`}
      </figcaption>
    </figure>
  );
}
