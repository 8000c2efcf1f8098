/** A long list of which only what is seen exists in the page. Rows have one height, so that ten thousand cost no more than ten. */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { ComponentChildren, HTMLAttributes, Ref } from "preact";
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";

export type VirtualListProps = {
  count: number;
  rowHeight: number;
  row: (index: number) => ComponentChildren;
  /** Kept in view when it changes. */
  focused?: number | undefined;
  /** Stays at the end as rows are added, while it is there. */
  follow?: boolean;
  /** The rows that are seen, for those who load them. */
  onRange?: (first: number, last: number) => void;
  className?: string;
  attributes?: Omit<HTMLAttributes<HTMLDivElement>, "class">;
  /** How high the list may become; it is lower with fewer rows. */
  maxHeight?: string;
  elementRef?: Ref<HTMLDivElement>;
};

export function VirtualList(props: VirtualListProps) {
  const { count, rowHeight, row, focused, follow, onRange, attributes, className, maxHeight } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const isAtEnd = useRef(true);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    scrollToFn: elementScroll<HTMLDivElement>,
    observeElementRect: observeElementRect<HTMLDivElement>,
    observeElementOffset: observeElementOffset<HTMLDivElement>,
    overscan: 8,
    onChange: () => redraw(undefined),
    initialRect: { width: 800, height: 600 },
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLDivElement, HTMLDivElement>(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowHeight]);
  useEffect(() => {
    if (focused !== undefined && focused >= 0) virtualizer.scrollToIndex(focused);
  }, [virtualizer, focused]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (follow === true && isAtEnd.current && element !== null) element.scrollTop = element.scrollHeight;
  }, [count, follow]);

  const items = virtualizer.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  useEffect(() => onRange?.(first, last), [onRange, first, last]);

  return (
    <div
      {...attributes}
      ref={(element) => {
        scroller.current = element;
        const { elementRef } = props;
        if (typeof elementRef === "function") elementRef(element);
        else if (elementRef) elementRef.current = element;
      }}
      class={`virtual ${className ?? ""}`}
      style={maxHeight === undefined ? undefined : { height: `min(${maxHeight}, ${count * rowHeight + 2}px)` }}
      onScroll={(event) => {
        const { scrollTop, clientHeight, scrollHeight } = event.currentTarget;
        isAtEnd.current = scrollTop + clientHeight >= scrollHeight - rowHeight;
      }}
    >
      <div class="virtual-size" role="presentation" style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {items.map((item) => (
          <div
            key={item.key}
            class="virtual-row"
            role="presentation"
            style={{ height: `${rowHeight}px`, transform: `translateY(${item.start}px)` }}
          >
            {row(item.index)}
          </div>
        ))}
      </div>
    </div>
  );
}
