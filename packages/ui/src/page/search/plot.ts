import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Range } from "../api/search.js";
import { formatDuration } from "../time/format.js";
import { timesOf } from "../time/ticks.js";

export interface ScatterPoint {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly nanos: number;
  readonly isError: boolean;
}

export interface ScatterOptions {
  /** Sorted by time. */
  readonly points: readonly ScatterPoint[];
  readonly isUtc: boolean;
  readonly onHover: (index: number | undefined) => void;
  readonly onOpen: (index: number) => void;
  readonly onRange: (range: Range) => void;
}

const height = 160;
/** A shorter drag is a click, in pixels. */
const leastDrag = 6;
/** The longest distance of the pointer from a point, in pixels. */
const reach = 24;

/** Draws points in an element. @returns a function that removes them. */
export function drawScatter(element: HTMLElement, options: ScatterOptions): () => void {
  const { points, isUtc } = options;
  const range = extentOf(points);
  let hovered: number | undefined;
  const plot = new uPlot(
    {
      width: element.clientWidth,
      height,
      ms: 1,
      ...(isUtc ? { tzDate: (millis: number) => uPlot.tzDate(new Date(millis), "Etc/UTC") } : {}),
      legend: { show: false },
      padding: [8, 8, 0, 0],
      cursor: {
        y: false,
        drag: { x: true, y: false, dist: leastDrag },
        points: { show: false },
      },
      scales: {
        x: { time: true, range: () => [range.from, range.to] },
        y: { distr: 3, log: 10, range: (_plot, min, max) => decades(min, max) },
      },
      series: [{}, dots("--ok"), dots("--error")],
      axes: [
        {
          ...axis("x"),
          size: 38,
          values: (_plot, ticks, _axis, _space, step) => timesOf(ticks, step),
        },
        {
          ...axis("y"),
          size: 64,
          splits: (_plot, _axis, min, max) => tens(min, max),
          values: (_plot, ticks) => ticks.map((nanos) => formatDuration(nanos)),
        },
      ],
      hooks: {
        setCursor: [
          (self) => {
            hovered = nearest(self, points);
            self.root.classList.toggle("on-point", hovered !== undefined);
            options.onHover(hovered);
          },
        ],
        setSelect: [
          (self) => {
            const { left, width } = self.select;
            if (width < leastDrag) return;
            options.onRange({ from: self.posToVal(left, "x"), to: self.posToVal(left + width, "x") });
          },
        ],
      },
    },
    [
      points.map(({ at }) => at),
      points.map(({ nanos, isError }) => (isError ? null : nanos)),
      points.map(({ nanos, isError }) => (isError ? nanos : null)),
    ],
    element,
  );
  const onClick = (): void => {
    if (hovered !== undefined && plot.select.width < leastDrag) options.onOpen(hovered);
  };
  plot.over.addEventListener("click", onClick);
  const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
  resized.observe(element);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const redraw = (): void => plot.redraw();
  dark.addEventListener("change", redraw);
  const themed = new MutationObserver(redraw);
  themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => {
    dark.removeEventListener("change", redraw);
    themed.disconnect();
    resized.disconnect();
    plot.destroy();
  };
}

/** The current colour of a property of the style sheet. */
function colour(property: string): string {
  probe ??= document.body.appendChild(Object.assign(document.createElement("i"), { hidden: true }));
  probe.style.color = `var(${property})`;
  return getComputedStyle(probe).color;
}

let probe: HTMLElement | undefined;

function dots(property: string): uPlot.Series {
  return {
    paths: () => null,
    points: { show: true, size: 7, width: 0, stroke: "transparent", fill: () => colour(property) },
  };
}

function axis(scale: string): uPlot.Axis {
  return {
    scale,
    stroke: () => colour("--muted"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: () => colour("--line"), width: 1 },
    ticks: { show: false },
    size: 26,
  };
}

function decades(min: number, max: number): [number, number] {
  return [
    10 ** Math.floor(Math.log10(Math.max(1, min * 0.9))),
    10 ** Math.ceil(Math.log10(Math.max(10, max * 1.1))),
  ];
}

function tens(min: number, max: number): number[] {
  const first = Math.round(Math.log10(min));
  const count = Math.round(Math.log10(max)) - first + 1;
  return Array.from({ length: count }, (_, i) => 10 ** (first + i));
}

/** The time range of the points, with a margin on both sides. */
function extentOf(points: readonly ScatterPoint[]): Range {
  const from = points[0]?.at ?? 0;
  const to = points.at(-1)?.at ?? 0;
  const room = Math.max(500, (to - from) * 0.02);
  return { from: from - room, to: to + room };
}

function nearest(plot: uPlot, points: readonly ScatterPoint[]): number | undefined {
  const { left = -1, top = -1 } = plot.cursor;
  if (left < 0 || top < 0) return undefined;
  let best: number | undefined;
  let distance = reach;
  for (const [index, { at, nanos }] of points.entries()) {
    const away = Math.hypot(plot.valToPos(at, "x") - left, plot.valToPos(nanos, "y") - top);
    if (away >= distance) continue;
    best = index;
    distance = away;
  }
  return best;
}
