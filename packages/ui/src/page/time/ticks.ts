import { formatTime } from "./format.js";

const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;

/**
 * Labels of a time axis, as precise as its steps. The first label and the first of each day have the date below.
 * @param ticks milliseconds since 1970, in order.
 * @param step milliseconds between two of them.
 */
export function timesOf(ticks: readonly number[], step: number): string[] {
  const length = step < second ? 23 : step < minute ? 19 : 16;
  let shown = "";
  return ticks.map((millis) => {
    const text = formatTime(BigInt(Math.round(millis)) * 1_000_000n);
    const date = text.slice(0, 10);
    if (step >= day) return date;
    const isNew = date !== shown;
    shown = date;
    return isNew ? `${text.slice(11, length)}\n${date}` : text.slice(11, length);
  });
}
