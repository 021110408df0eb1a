import type { JSX } from "preact";
import { colourOf } from "../kit/colours.js";
import { Icon } from "../kit/icons.js";
import { Text } from "../kit/text.js";
import { VirtualList } from "../kit/virtual-list.js";
import { formatCount, formatDuration } from "../time/format.js";
import { t } from "../words/words.js";
import type { LoadedTrace } from "./load.js";
import { serviceOf } from "./model/clock-skew.js";
import { detailsOf } from "./model/details.js";
import { dragged, ticksOf, type Zoom } from "./zoom.js";

interface WaterfallProps {
  readonly trace: LoadedTrace;
  readonly rows: readonly number[];
  readonly zoom: Zoom;
  readonly setZoom: (zoom: Zoom) => void;
  readonly collapsed: ReadonlySet<number>;
  readonly toggle: (span: number) => void;
  /** The span that keys have moved to. */
  readonly at: number;
  /** Its row. */
  readonly shown: number | undefined;
  readonly selected: number;
  readonly select: (span: number) => void;
  readonly showsCritical: boolean;
  readonly isFound: (span: number) => boolean;
  readonly marks: readonly string[];
}

const rowHeight = 25;

/** The spans of a trace as rows, with bars on a time axis. */
export function Waterfall(props: WaterfallProps): JSX.Element {
  const { trace, rows, zoom, setZoom, shown } = props;
  return (
    <div class="waterfall">
      <div class="waterfall-head">
        <span>{t("serviceAndOperation")}</span>
        <div
          class="ruler"
          onPointerDown={(event) =>
            dragged(
              event,
              zoom,
              () => {},
              (part) => part && setZoom(part),
            )
          }
        >
          {ticksOf(zoom, 6).map((time) => (
            <span key={time} style={{ left: `${share(time, zoom) * 100}%` }}>
              {formatDuration(time)}
            </span>
          ))}
        </div>
      </div>
      <VirtualList
        class="waterfall-rows"
        label={t("spans")}
        count={rows.length}
        rowHeight={rowHeight}
        shown={shown}
        row={(index) => {
          const row = rows[index] as number;
          return <Row {...props} row={row} span={trace.tree.order[row] as number} />;
        }}
      />
    </div>
  );
}

interface RowProps extends WaterfallProps {
  readonly row: number;
  readonly span: number;
}

function Row(props: RowProps): JSX.Element {
  const { trace, row, span, collapsed, toggle, at, selected, select, isFound, marks } = props;
  const { model, tree } = trace;
  const service = serviceOf(model, span);
  const colour = colourOf(service);
  const below = (tree.size[row] as number) - 1;
  const depth = tree.depth[span] as number;
  const isClosed = collapsed.has(span);
  const classes = [
    "waterfall-row",
    span === at ? "at" : "",
    span === selected ? "selected" : "",
    isFound(span) ? "found" : "",
  ];
  return (
    <div class={classes.join(" ")}>
      <div class="row-name" style={{ paddingInlineStart: `${6 + Math.min(depth, 40) * 12}px` }}>
        {below > 0 ? (
          <button
            type="button"
            class="fold row"
            aria-expanded={!isClosed}
            aria-label={t("foldSpans", { count: below })}
            onClick={() => toggle(span)}
          >
            <Icon name={isClosed ? "right" : "down"} />
          </button>
        ) : (
          <span class="fold" />
        )}
        <span class={`tick ${colour}`} aria-hidden="true" />
        <button
          type="button"
          class="row-open row"
          onClick={() => select(span)}
          aria-pressed={span === selected}
        >
          {model.isError[span] && (
            <span class="error" title={t("error")}>
              <Icon name="error" />
            </span>
          )}
          <strong>
            <Text value={service} marks={marks} most={60} />
          </strong>
          <span>
            <Text value={model.names[span] as string} marks={marks} most={160} />
          </span>
          {isClosed && <small>+{formatCount(below)}</small>}
        </button>
      </div>
      <Bar {...props} colour={colour} />
    </div>
  );
}

function Bar(props: RowProps & { readonly colour: string }): JSX.Element {
  const { trace, span, zoom, select, showsCritical, colour } = props;
  const { model, critical } = trace;
  const from = model.start[span] as number;
  const to = model.end[span] as number;
  const left = share(from, zoom);
  const right = share(to, zoom);
  const isAway = right < 0 || left > 1;
  const shownLeft = Math.max(0, left);
  const shownRight = Math.min(1, right);
  const label = shownRight <= 0.88 ? "behind" : shownLeft >= 0.12 ? "before" : "inside";
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the name beside it is the button
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <div class="row-time" onClick={() => select(span)}>
      {isAway ? null : (
        <>
          <span
            class={`time-bar ${colour} ${model.isError[span] ? "failed" : ""}`}
            style={{ left: `${shownLeft * 100}%`, width: `max(2px, ${(shownRight - shownLeft) * 100}%)` }}
          />
          {showsCritical &&
            critical.get(span)?.map((segment) => (
              <span
                key={segment.from}
                class="time-critical"
                style={{
                  left: `${Math.max(0, share(segment.from, zoom)) * 100}%`,
                  width: `${(Math.min(1, share(segment.to, zoom)) - Math.max(0, share(segment.from, zoom))) * 100}%`,
                }}
              />
            ))}
          {model.hasEvents[span] &&
            eventTimes(trace, span).map((time, i) => (
              <span key={i} class="time-event" style={{ left: `${share(time, zoom) * 100}%` }} />
            ))}
          <span
            class={`time-label ${label}`}
            style={
              label === "behind"
                ? { left: `${shownRight * 100}%` }
                : { right: `${(1 - (label === "before" ? shownLeft : shownRight)) * 100}%` }
            }
          >
            {formatDuration(to - from)}
          </span>
        </>
      )}
    </div>
  );
}

/** The most events drawn on one bar. */
const mostEvents = 50;

function eventTimes({ model }: LoadedTrace, span: number): readonly number[] {
  const events = detailsOf(model, span).span.events ?? [];
  return events.slice(0, mostEvents).map(({ timeUnixNano }) => Number(timeUnixNano - model.base));
}

function share(time: number, { from, to }: Zoom): number {
  return (time - from) / (to - from);
}
