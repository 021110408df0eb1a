/** A part of a trace's time, in nanoseconds after its start. */
export interface Zoom {
  readonly from: number;
  readonly to: number;
}

/** A shorter drag is a click, in pixels. */
const leastDrag = 4;

/**
 * Follows a pointer that was pressed on an element whose width is a range of time.
 * @param done called with the dragged part; undefined for a click.
 */
export function dragged(
  event: PointerEvent,
  range: Zoom,
  moved: (part: Zoom) => void,
  done: (part: Zoom | undefined) => void,
): void {
  if (event.button !== 0) return;
  const element = event.currentTarget as HTMLElement;
  const { left, width } = element.getBoundingClientRect();
  const timeAt = (x: number): number => timeAtOffset(x - left, width, range);
  const began = event.clientX;
  let part: Zoom | undefined;
  const move = ({ clientX }: PointerEvent): void => {
    if (Math.abs(clientX - began) < leastDrag) return;
    part = { from: timeAt(Math.min(began, clientX)), to: timeAt(Math.max(began, clientX)) };
    moved(part);
  };
  const up = (): void => {
    element.removeEventListener("pointermove", move);
    element.removeEventListener("pointerup", up);
    element.removeEventListener("pointercancel", up);
    done(part);
  };
  element.setPointerCapture(event.pointerId);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", up);
}

/** The time at an offset in pixels, within the range. */
export function timeAtOffset(offset: number, width: number, { from, to }: Zoom): number {
  const share = Math.min(1, Math.max(0, offset / width));
  return from + share * (to - from);
}

const steps = [1, 2, 5, 10];

/** Round times within a range, about as many as `wanted`. */
export function ticksOf({ from, to }: Zoom, wanted: number): readonly number[] {
  const rough = (to - from) / wanted;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = (steps.find((each) => each * power >= rough) ?? 10) * power;
  const ticks: number[] = [];
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) ticks.push(time);
  return ticks;
}
