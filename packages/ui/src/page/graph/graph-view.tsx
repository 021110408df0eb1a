import "../styles/pages.css";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { type Dependency, loadDependencies } from "../api/server.js";
import { go, route, routeTo } from "../app/route.js";
import { emptyFields } from "../filter/fields.js";
import { loadLanguage } from "../filter/load.js";
import { colourOf } from "../kit/colours.js";
import { LookbackChoice, lookbackOf } from "../kit/lookback.js";
import { Problem } from "../kit/problem.js";
import { shownText } from "../kit/text.js";
import { useLoaded } from "../kit/use-loaded.js";
import { formatCount } from "../time/format.js";
import { t } from "../words/words.js";
import { layOut, nodeHeight } from "./layout.js";

/** The graph of calls between services, with their counts. */
export function GraphView(): JSX.Element {
  const { query } = route.value;
  const lookback = lookbackOf(query);
  const { value, error, retry } = useLoaded(
    (signal) => loadDependencies(Date.now(), lookback, signal),
    [lookback],
  );
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t("graph")}</h1>
        <LookbackChoice view="graph" query={query} />
        <span class="hint">{t("graphHint")}</span>
      </div>
      {error !== undefined && <Problem error={error} retry={retry} />}
      {value === undefined ? null : value.length === 0 ? (
        <p class="nothing">{t("noCalls")}</p>
      ) : (
        <>
          <Drawing calls={value} />
          <details class="calls">
            <summary>{t("asTable")}</summary>
            <table>
              <tbody>
                {value.map(({ parent, child, callCount }) => (
                  <tr key={`${parent} ${child}`}>
                    <td>{shownText(parent)}</td>
                    <td>→ {shownText(child)}</td>
                    <td class="number">{formatCount(callCount)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
        </>
      )}
    </div>
  );
}

function Drawing({ calls }: { readonly calls: readonly Dependency[] }): JSX.Element {
  const drawing = useMemo(() => layOut(calls), [calls]);
  const most = Math.max(...calls.map(({ callCount }) => callCount));
  return (
    <div class="graph">
      <svg
        width={drawing.width}
        height={drawing.height}
        viewBox={`${drawing.left} ${drawing.top} ${drawing.width} ${drawing.height}`}
      >
        <title>{t("graph")}</title>
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path class="arrow" d="M0 0 8 4 0 8z" />
          </marker>
        </defs>
        {drawing.edges.map(({ parent, child, callCount, points, middle }) => (
          <g key={`${parent} ${child}`} class="edge">
            <path
              d={pathOf(points)}
              marker-end="url(#arrow)"
              style={{ strokeWidth: `${1 + 3 * (Math.log1p(callCount) / Math.log1p(most))}px` }}
            />
            <text x={middle.x} y={middle.y - 6} text-anchor="middle">
              {formatCount(callCount)}
            </text>
          </g>
        ))}
        {drawing.nodes.map(({ name, x, y, width, calls: called }) => (
          <a
            key={name}
            class={`node ${colourOf(name)}`}
            href={routeTo("search")}
            aria-label={t("searchFor", { name: shownText(name) })}
            onClick={(event) => {
              event.preventDefault();
              void searchFor(name);
            }}
          >
            <rect x={x - width / 2} y={y - nodeHeight / 2} width={width} height={nodeHeight} rx="7" />
            <rect
              class="node-edge"
              x={x - width / 2}
              y={y - nodeHeight / 2}
              width="6"
              height={nodeHeight}
              rx="3"
            />
            <text x={x + 3} y={y + 4} text-anchor="middle">
              {shownText(name.length > 28 ? `${name.slice(0, 27)}…` : name)}
            </text>
            <title>{`${shownText(name)}: ${formatCount(called)}`}</title>
          </a>
        ))}
      </svg>
    </div>
  );
}

function pathOf(points: readonly { readonly x: number; readonly y: number }[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${first.x} ${first.y}`;
  for (const [i, point] of rest.entries()) {
    const next = rest[i + 1];
    if (next === undefined) path += `L${point.x} ${point.y}`;
    else path += `Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
  }
  return path;
}

async function searchFor(service: string): Promise<void> {
  const { filterOfFields } = await loadLanguage();
  go(routeTo("search", [], { q: filterOfFields({ ...emptyFields, service }) }));
}
