/**
 * A graph that can be moved with the pointer, the wheel, two fingers and the keyboard: arrows walk along the edges and within a column, Enter
 * opens, + and - zoom, 0 shows everything. What the focus is on is said to screen readers; the tree beside it has the same tasks as text.
 */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Layout, layoutGraph, nodeHeight, nodeWidth } from "../live/graph-layout.ts";
import { theme } from "../theme.ts";
import { Loading } from "./empty.tsx";
import { type Camera, drawGraph, type GraphItem, readPalette } from "./graph-canvas.ts";

const [smallest, largest] = [0.03, 2];
const clickPx = 5;
const margin = 48;
const [smallestHeight, toolsHeight] = [260, 48];

export type GraphViewProps = {
  items: readonly GraphItem[];
  /** Changes when nodes or edges did; colours may change without. */
  structure: unknown;
  critical: ReadonlySet<string>;
  selected: string | undefined;
  onSelect: (id: string) => void;
  /** The most that it may take; a small graph takes less. */
  height?: string;
};

export function GraphView({ items, structure, critical, selected, onSelect, height = "66vh" }: GraphViewProps) {
  const [layout, setLayout] = useState<Layout>();
  const [focused, setFocused] = useState<string>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const camera = useRef<Camera>({ x: 0, y: 0, scale: 1 });
  const asked = useRef(0);
  const latest = useRef({ items, layout, critical, selected, focused });
  latest.current = { items, layout, critical, selected, focused };

  useEffect(() => {
    let isCurrent = true;
    void layoutGraph(latest.current.items).then((next) => {
      if (isCurrent) setLayout(next);
    });
    return () => {
      isCurrent = false;
    };
  }, [structure]);

  const actions = useMemo(() => {
    const draw = () => {
      cancelAnimationFrame(asked.current);
      asked.current = requestAnimationFrame(() => {
        const element = canvas.current;
        const { layout: places, ...now } = latest.current;
        const context = element?.getContext("2d");
        if (element === null || !context || places === undefined) return;
        const [width, high] = [element.clientWidth, element.clientHeight];
        const ratio = devicePixelRatio;
        if (element.width !== Math.round(width * ratio)) element.width = Math.round(width * ratio);
        if (element.height !== Math.round(high * ratio)) element.height = Math.round(high * ratio);
        drawGraph(context, { width, height: high, ratio }, camera.current, places, now.items, now, readPalette(element));
      });
    };
    const fit = () => {
      const element = canvas.current;
      const places = latest.current.layout;
      if (element === null || places === undefined) return;
      const [width, high] = [element.clientWidth, element.clientHeight];
      const scale = Math.max(smallest, Math.min(1, (width - margin) / places.width, (high - margin) / places.height));
      camera.current = { scale, x: places.width / 2 - width / scale / 2, y: places.height / 2 - high / scale / 2 };
      draw();
    };
    const zoom = (factor: number, atX?: number, atY?: number) => {
      const element = canvas.current;
      if (element === null) return;
      const [px, py] = [atX ?? element.clientWidth / 2, atY ?? element.clientHeight / 2];
      const { x, y, scale } = camera.current;
      const next = Math.max(smallest, Math.min(largest, scale * factor));
      camera.current = { scale: next, x: x + px / scale - px / next, y: y + py / scale - py / next };
      draw();
    };
    const show = (id: string) => {
      const place = latest.current.layout?.places.get(id);
      const element = canvas.current;
      if (place === undefined || element === null) return;
      const scale = Math.max(camera.current.scale, 0.6);
      const [wide, high] = [element.clientWidth / scale, element.clientHeight / scale];
      camera.current = { scale, x: place.x + nodeWidth / 2 - wide / 2, y: place.y + nodeHeight / 2 - high / 2 };
      draw();
    };
    const at = (px: number, py: number): string | undefined => {
      const { x, y, scale } = camera.current;
      const [gx, gy] = [x + px / scale, y + py / scale];
      for (const place of latest.current.layout?.places.values() ?? [])
        if (gx >= place.x && gx <= place.x + nodeWidth && gy >= place.y && gy <= place.y + nodeHeight) return place.id;
      return undefined;
    };
    return { draw, fit, zoom, show, at };
  }, []);

  const [natural, setNatural] = useState<number>();
  useLayoutEffect(() => {
    const wide = canvas.current?.clientWidth;
    if (layout === undefined || wide === undefined) return;
    setNatural(Math.max(smallestHeight, layout.height * Math.min(1, (wide - margin) / layout.width) + margin + toolsHeight));
  }, [layout]);
  useEffect(() => {
    if (layout !== undefined) actions.fit();
  }, [layout, actions, natural]);
  useEffect(() => actions.draw());
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const resized = new ResizeObserver(() => actions.draw());
    resized.observe(element);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", actions.draw);
    const unwatch = theme.subscribe(() => actions.draw());
    const unpoint = followPointers(element, camera, actions, (id) => {
      setFocused(id);
      onSelect(id);
    });
    return () => {
      resized.disconnect();
      dark.removeEventListener("change", actions.draw);
      unwatch();
      unpoint();
    };
  }, [actions, layout === undefined]);

  const byId = useMemo(() => new Map(items.map((item) => [item.id, item])), [items]);
  const here = focused === undefined ? undefined : byId.get(focused);
  function onKeyDown(event: KeyboardEvent): void {
    if (layout === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = ({ ArrowRight: "right", ArrowLeft: "left", ArrowUp: "up", ArrowDown: "down" } as const)[event.key];
    if (direction !== undefined) {
      const next = focused === undefined ? items[0]?.id : neighbour(layout, byId, focused, direction);
      if (next !== undefined) {
        setFocused(next);
        actions.show(next);
      }
    } else if (event.key === "Enter" && focused !== undefined) onSelect(focused);
    else if (event.key === "+" || event.key === "=") actions.zoom(1.25);
    else if (event.key === "-") actions.zoom(0.8);
    else if (event.key === "0") actions.fit();
    else return;
    event.preventDefault();
  }

  if (layout === undefined) return <Loading />;
  const words = here === undefined ? "" : `${here.label} ${here.title}, ${here.note}`;
  return (
    <div class="graph" style={{ height: `min(${height}, ${natural ?? smallestHeight}px)` }}>
      <canvas
        ref={canvas}
        class="graph-canvas"
        role="application"
        tabIndex={0}
        aria-label={`Graph of ${items.length} tasks. Arrow keys walk along the dependencies, Enter opens a task.`}
        aria-description={words}
        onKeyDown={onKeyDown}
        onFocus={() => {
          if (focused === undefined) setFocused(selected ?? items[0]?.id);
        }}
        onBlur={() => setFocused(undefined)}
      />
      <span class="visually-hidden" aria-live="polite">
        {words}
      </span>
      <div class="graph-tools">
        <button type="button" class="small" aria-label="Zoom in" onClick={() => actions.zoom(1.3)}>
          +
        </button>
        <button type="button" class="small" aria-label="Zoom out" onClick={() => actions.zoom(0.77)}>
          −
        </button>
        <button type="button" class="small" onClick={actions.fit}>
          Fit
        </button>
        {items.some(({ moving }) => moving) ? (
          <button type="button" class="small" onClick={() => actions.show(items.find(({ moving }) => moving)?.id ?? "")}>
            Running
          </button>
        ) : null}
      </div>
    </div>
  );
}

/** Along an edge to the side, within the column up and down; always the nearest. */
function neighbour(
  layout: Layout,
  items: ReadonlyMap<string, GraphItem>,
  from: string,
  direction: "left" | "right" | "up" | "down",
): string | undefined {
  const place = layout.places.get(from);
  const item = items.get(from);
  if (place === undefined || item === undefined) return undefined;
  const distance = (id: string) => {
    const other = layout.places.get(id);
    return other === undefined ? Number.POSITIVE_INFINITY : Math.abs(other.y - place.y) + Math.abs(other.x - place.x) / 10;
  };
  const nearest = (ids: string[]) => ids.sort((a, b) => distance(a) - distance(b))[0];
  if (direction === "left") return nearest([...item.dependencies].filter((id) => layout.places.has(id)));
  if (direction === "right") {
    return nearest([...items.values()].filter(({ dependencies }) => dependencies.includes(from)).map(({ id }) => id));
  }
  const sign = direction === "down" ? 1 : -1;
  const column = [...layout.places.values()].filter(
    (other) => Math.abs(other.x - place.x) < nodeWidth / 2 && (other.y - place.y) * sign > 0,
  );
  return nearest(column.map(({ id }) => id));
}

type Actions = {
  draw: () => void;
  zoom: (factor: number, x?: number, y?: number) => void;
  at: (x: number, y: number) => string | undefined;
};

/** Drag moves, wheel and pinch zoom, a click chooses. */
function followPointers(
  element: HTMLCanvasElement,
  camera: { current: Camera },
  actions: Actions,
  onChoose: (id: string) => void,
): () => void {
  const pointers = new Map<number, { x: number; y: number }>();
  let moved = 0;
  const point = (event: PointerEvent | WheelEvent) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, point(event));
    if (pointers.size === 1) moved = 0;
  };
  const move = (event: PointerEvent) => {
    const before = pointers.get(event.pointerId);
    const now = point(event);
    if (before === undefined) {
      element.style.cursor = actions.at(now.x, now.y) === undefined ? "grab" : "pointer";
      return;
    }
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other === undefined) {
      camera.current.x -= (now.x - before.x) / camera.current.scale;
      camera.current.y -= (now.y - before.y) / camera.current.scale;
      actions.draw();
    } else {
      const gap = (a: { x: number; y: number }) => Math.hypot(a.x - other.x, a.y - other.y) || 1;
      actions.zoom(gap(now) / gap(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    }
    moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    pointers.set(event.pointerId, now);
  };
  const up = (event: PointerEvent) => {
    const was = pointers.get(event.pointerId);
    pointers.delete(event.pointerId);
    const id = was === undefined || moved > clickPx ? undefined : actions.at(was.x, was.y);
    if (id !== undefined) onChoose(id);
  };
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const { x, y } = point(event);
    actions.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), x, y);
  };
  element.addEventListener("pointerdown", down);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", up);
  element.addEventListener("wheel", wheel, { passive: false });
  return () => {
    element.removeEventListener("pointerdown", down);
    element.removeEventListener("pointermove", move);
    element.removeEventListener("pointerup", up);
    element.removeEventListener("pointercancel", up);
    element.removeEventListener("wheel", wheel);
  };
}
