import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { settings } from "../app/settings.js";
import { colourOf } from "../kit/colours.js";
import { formatDuration } from "../time/format.js";
import { t } from "../words/words.js";
import type { LoadedTrace } from "./load.js";
import { serviceOf } from "./model/clock-skew.js";
import { dragged, type Zoom } from "./zoom.js";

interface MinimapProps {
  readonly trace: LoadedTrace;
  readonly zoom: Zoom;
  readonly setZoom: (zoom: Zoom) => void;
}

const height = 56;

/** The whole trace in a strip. A drag over it zooms in. */
export function Minimap({ trace, zoom, setZoom }: MinimapProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drag, setDrag] = useState<Zoom>();
  const { length } = trace.model;
  const theme = settings.theme.value;
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const redraw = (): void => draw(element, trace);
    const resized = new ResizeObserver(redraw);
    resized.observe(element);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", redraw);
    redraw();
    return () => {
      resized.disconnect();
      dark.removeEventListener("change", redraw);
    };
  }, [trace, theme]);
  const shown = drag ?? zoom;
  const percent = (nanos: number): string => `${(nanos / length) * 100}%`;
  const isWhole = zoom.from === 0 && zoom.to === length;
  return (
    <div class="minimap">
      <div
        class="minimap-strip"
        onPointerDown={(event) =>
          dragged(event, { from: 0, to: length }, setDrag, (range) => {
            setDrag(undefined);
            setZoom(range ?? { from: 0, to: length });
          })
        }
      >
        <canvas ref={canvas} height={height} role="img" aria-label={t("minimap")} />
        <div class="shade" style={{ left: 0, width: percent(shown.from) }} />
        <div class="shade" style={{ left: percent(shown.to), right: 0 }} />
      </div>
      {!isWhole && (
        <button type="button" class="quiet" onClick={() => setZoom({ from: 0, to: length })}>
          {t("zoomOut", { time: formatDuration(zoom.to - zoom.from) })}
        </button>
      )}
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, { model, tree }: LoadedTrace): void {
  const width = canvas.clientWidth;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.scale(ratio, ratio);
  const line = Math.max(0.5, Math.min(6, height / model.count));
  const colours = new Map<number, string>();
  // Draws only the first of many spans in one line of the strip.
  const step = Math.max(1, Math.floor(model.count / (height * 40)));
  for (let row = 0; row < tree.order.length; row += step) {
    const span = tree.order[row] as number;
    const owner = model.ownerOf[span] as number;
    let colour = colours.get(owner);
    if (colour === undefined) {
      colour = serviceColour(canvas, serviceOf(model, span));
      colours.set(owner, colour);
    }
    context.fillStyle = colour;
    const from = ((model.start[span] as number) / model.length) * width;
    const to = ((model.end[span] as number) / model.length) * width;
    const y = (row / model.count) * height;
    context.fillRect(from, y, Math.max(1, to - from), Math.max(line - (line > 2 ? 1 : 0), 0.5));
  }
}

/** The current colour of a service in the style sheet. */
function serviceColour(canvas: HTMLCanvasElement, service: string): string {
  const probe = document.createElement("i");
  probe.className = `probe ${colourOf(service)}`;
  canvas.after(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
