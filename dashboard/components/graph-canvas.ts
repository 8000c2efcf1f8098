/**
 * Draws a graph of tasks. A canvas, because ten thousand elements that change their colour would make the page stutter; only what is in sight
 * is drawn, and less of it from afar.
 */
import { type Layout, nodeHeight, nodeWidth } from "../live/graph-layout.ts";
import type { Tone } from "../statuses.ts";

export type GraphItem = {
  id: string;
  label: string;
  title: string;
  tone: Tone;
  moving: boolean;
  dependencies: readonly string[];
  note: string;
};
export type Camera = { x: number; y: number; scale: number };
export type Emphasis = { selected: string | undefined; focused: string | undefined; critical: ReadonlySet<string> };
type Palette = Record<Tone, { line: string; fill: string; soft: string }> & {
  line: string;
  panel: string;
  text: string;
  muted: string;
  accent: string;
  font: string;
  mono: string;
};

const radius = 8;
const [textScale, detailScale] = [0.42, 0.6];

/** Colours of the page as they are now; to be read anew when the theme changes. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const tones = ["done", "active", "waiting", "failed", "idle", "retry"] as const;
  const byTone = Object.fromEntries(
    tones.map((tone) => [
      tone,
      {
        line: colour(`tone-${tone}`),
        soft: colour(`tone-${tone}-soft`),
        fill: tone === "waiting" ? colour("tone-waiting-fill") : tone === "idle" ? colour("line-strong") : colour(`tone-${tone}`),
      },
    ]),
  ) as Record<Tone, { line: string; fill: string; soft: string }>;
  return {
    ...byTone,
    line: colour("line-strong"),
    panel: colour("panel"),
    text: colour("text"),
    muted: colour("muted"),
    accent: colour("accent"),
    font: colour("font"),
    mono: colour("mono"),
  };
}

export function drawGraph(
  context: CanvasRenderingContext2D,
  size: { width: number; height: number; ratio: number },
  camera: Camera,
  layout: Layout,
  items: readonly GraphItem[],
  emphasis: Emphasis,
  palette: Palette,
): void {
  const { scale } = camera;
  context.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  context.setTransform(
    size.ratio * scale,
    0,
    0,
    size.ratio * scale,
    -camera.x * scale * size.ratio,
    -camera.y * scale * size.ratio,
  );
  const sight = { left: camera.x, top: camera.y, right: camera.x + size.width / scale, bottom: camera.y + size.height / scale };
  drawEdges(context, sight, layout, items, emphasis, palette, scale);
  for (const item of items) {
    const place = layout.places.get(item.id);
    if (place === undefined) continue;
    if (place.x > sight.right || place.y > sight.bottom || place.x + nodeWidth < sight.left || place.y + nodeHeight < sight.top)
      continue;
    drawNode(context, place.x, place.y, item, emphasis, palette, scale);
  }
}

type Sight = { left: number; top: number; right: number; bottom: number };

function drawEdges(
  context: CanvasRenderingContext2D,
  sight: Sight,
  layout: Layout,
  items: readonly GraphItem[],
  { selected, focused, critical }: Emphasis,
  palette: Palette,
  scale: number,
): void {
  const plain = new Path2D();
  const strong = new Path2D();
  const touched = new Path2D();
  for (const item of items) {
    const to = layout.places.get(item.id);
    if (to === undefined) continue;
    for (const id of item.dependencies) {
      const from = layout.places.get(id);
      if (from === undefined) continue;
      const [x1, y1, x2, y2] = [from.x + nodeWidth, from.y + nodeHeight / 2, to.x, to.y + nodeHeight / 2];
      if (Math.max(x1, x2) < sight.left || Math.min(x1, x2) > sight.right) continue;
      if (Math.max(y1, y2) < sight.top || Math.min(y1, y2) > sight.bottom) continue;
      const isTouched = [item.id, id].some((end) => end === selected || end === focused);
      const path = isTouched ? touched : critical.has(item.id) && critical.has(id) ? strong : plain;
      const bend = Math.max(24, (x2 - x1) / 2);
      path.moveTo(x1, y1);
      path.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
    }
  }
  context.globalAlpha = scale < textScale ? 0.55 : 1;
  context.strokeStyle = palette.line;
  context.lineWidth = 1.4;
  context.stroke(plain);
  context.globalAlpha = 1;
  context.strokeStyle = palette.muted;
  context.lineWidth = 2.6;
  context.stroke(strong);
  context.strokeStyle = palette.accent;
  context.lineWidth = 2.4;
  context.stroke(touched);
}

function drawNode(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  item: GraphItem,
  { selected, focused, critical }: Emphasis,
  palette: Palette,
  scale: number,
): void {
  const tone = palette[item.tone];
  context.beginPath();
  if (scale < textScale) {
    context.rect(x, y, nodeWidth, nodeHeight);
    context.fillStyle = tone.fill;
    context.fill();
    if (item.id !== selected && item.id !== focused) return;
  } else {
    context.roundRect(x, y, nodeWidth, nodeHeight, radius);
    context.fillStyle = item.tone === "idle" ? palette.panel : tone.soft;
    context.fill();
    context.lineWidth = critical.has(item.id) ? 2 : 1;
    context.strokeStyle = item.tone === "idle" ? palette.line : tone.fill;
    context.stroke();
  }
  if (item.id === selected || item.id === focused) {
    context.beginPath();
    context.roundRect(x - 4, y - 4, nodeWidth + 8, nodeHeight + 8, radius + 3);
    context.lineWidth = 2.5 / Math.min(1, scale);
    context.strokeStyle = palette.accent;
    context.stroke();
  }
  if (scale < textScale) return;
  context.fillStyle = tone.fill;
  context.beginPath();
  context.arc(x + 15, y + 15.5, 4.5, 0, 7);
  if (item.moving) {
    context.lineWidth = 2;
    context.strokeStyle = tone.fill;
    context.stroke();
  } else context.fill();
  context.fillStyle = palette.text;
  context.font = `560 12.5px ${palette.font}`;
  context.fillText(fitted(context, item.title, nodeWidth - 36), x + 26, y + 20);
  if (scale < detailScale) return;
  context.fillStyle = item.tone === "idle" ? palette.muted : tone.line;
  context.font = `11px ${palette.mono}`;
  context.fillText(fitted(context, item.label, nodeWidth * 0.55), x + 26, y + 36);
  context.font = `11px ${palette.font}`;
  context.textAlign = "right";
  context.fillText(item.note, x + nodeWidth - 10, y + 36);
  context.textAlign = "left";
}

const widths = new Map<string, string>();

/** The text, cut with an ellipsis where it is too wide; measured once. */
function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  const key = `${context.font} ${width} ${text}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  let cut = text;
  if (context.measureText(text).width > width) {
    let [low, high] = [0, text.length];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (context.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
      else high = middle - 1;
    }
    cut = `${text.slice(0, low).trimEnd()}…`;
  }
  if (widths.size > 40_000) widths.clear();
  widths.set(key, cut);
  return cut;
}
