import type { JSX } from "preact";

const width = 120;
const height = 26;

/** Draws values over time, from zero to the largest. A number beside it has the same information. */
export function Sparkline({
  values,
  kind,
}: {
  readonly values: readonly number[];
  readonly kind: string;
}): JSX.Element {
  const largest = Math.max(0, ...values.filter(Number.isFinite));
  const step = width / Math.max(1, values.length - 1);
  const points = values.map((value, i) => {
    const share = Number.isFinite(value) && largest > 0 ? value / largest : 0;
    return `${(i * step).toFixed(1)},${(height - 2 - share * (height - 4)).toFixed(1)}`;
  });
  return (
    <svg
      class={`sparkline ${kind}`}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
      preserveAspectRatio="none"
    >
      <polygon points={`0,${height} ${points.join(" ")} ${width},${height}`} />
      <polyline points={points.join(" ")} />
    </svg>
  );
}
