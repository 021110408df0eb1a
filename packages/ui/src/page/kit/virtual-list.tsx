import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from "@tanstack/virtual-core";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";

export interface VirtualListProps {
  readonly count: number;
  readonly rowHeight: number;
  readonly row: (index: number) => ComponentChildren;
  /** The row to scroll to when it changes. */
  readonly shown?: number | undefined;
  /** Called when the last row is near. */
  readonly onEnd?: (() => void) | undefined;
  readonly onScroll?: ((first: number, last: number) => void) | undefined;
  readonly class?: string;
  readonly label?: string;
  /** Content below the rows. */
  readonly children?: ComponentChildren;
}

/** A list of rows of one height. Only the visible rows are in the document. */
export function VirtualList(props: VirtualListProps): JSX.Element {
  const { count, rowHeight, row, shown, onEnd, onScroll } = props;
  const element = useRef<HTMLElement>(null);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const options: VirtualizerOptions<HTMLElement, HTMLElement> = {
    count,
    getScrollElement: () => element.current,
    estimateSize: () => rowHeight,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    overscan: 12,
    onChange: () => redraw(undefined),
  };
  const [list] = useState(() => new Virtualizer(options));
  list.setOptions(options);
  useLayoutEffect(() => list._didMount(), [list]);
  useLayoutEffect(() => list._willUpdate());
  useLayoutEffect(() => list.measure(), [list, rowHeight]);
  useLayoutEffect(() => {
    if (shown !== undefined && shown >= 0 && shown < count) list.scrollToIndex(shown, { align: "auto" });
  }, [list, shown, count]);
  const items = list.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  const isNearEnd = count > 0 && last >= count - 15;
  useEffect(() => {
    if (isNearEnd) onEnd?.();
  }, [isNearEnd, count, onEnd]);
  const first = list.range?.startIndex ?? 0;
  const end = list.range?.endIndex ?? 0;
  useEffect(() => onScroll?.(first, end), [first, end, onScroll]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
    <section ref={element} class={`virtual ${props.class ?? ""}`} aria-label={props.label} tabIndex={0}>
      <div class="virtual-rows" style={{ height: `${list.getTotalSize()}px` }} role="presentation">
        {items.map(({ index, start }) => (
          <div
            key={index}
            class="virtual-row"
            style={{ transform: `translateY(${start}px)`, height: `${rowHeight}px` }}
            role="presentation"
          >
            {row(index)}
          </div>
        ))}
      </div>
      {props.children}
    </section>
  );
}
