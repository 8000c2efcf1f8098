/** How a figure went from day to day: the median as a line, between the least and the most of each day. */
import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { theme } from "../theme.ts";

export type DayFigure = { day: string; median: number; minimum: number; maximum: number };
export type TrendChartProps = { label: string; figures: readonly DayFigure[]; text: (value: number) => string };

const height = 150;
const daySeconds = 86_400;

export function TrendChart({ label, figures, text }: TrendChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const dark = theme.value; // drawn anew in the other colours
  useEffect(() => {
    const element = holder.current;
    if (element === null) return undefined;
    let plot: uPlot | undefined;
    let isGone = false;
    void import("uplot").then(({ default: Plot }) => {
      if (isGone) return;
      plot = new Plot(optionsFor(element, text), dataOf(figures), element);
    });
    const resized = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    return () => {
      isGone = true;
      resized.disconnect();
      plot?.destroy();
    };
  }, [figures, text, dark]);
  const last = figures.at(-1);
  const words = last === undefined ? label : `${label}: ${text(last.median)} on ${last.day}, ${figures.length} days`;
  return <div ref={holder} class="chart" role="img" aria-label={words} />;
}

function dataOf(figures: readonly DayFigure[]): uPlot.AlignedData {
  return [
    figures.map(({ day }) => Date.parse(day) / 1000),
    figures.map(({ median }) => median),
    figures.map(({ minimum }) => minimum),
    figures.map(({ maximum }) => maximum),
  ];
}

function optionsFor(element: HTMLElement, text: (value: number) => string): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const [line, muted, grid] = [colour("--accent"), colour("--muted"), colour("--line")];
  const font = `11px ${style.fontFamily}`;
  const axis = { stroke: muted, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: {
        time: true,
        range: (_plot, first, last) =>
          last - first < 2 * daySeconds ? [last - 3 * daySeconds, last + daySeconds] : [first, last],
      },
      y: { range: (_plot, least, most) => [Math.min(0, least), most <= 0 ? 1 : most * 1.1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 60,
        incrs: [1, 2, 7, 14, 30, 90, 365].map((days) => days * daySeconds),
        values: (_plot, seconds) => seconds.map(dayText),
      },
      { ...axis, size: 58, space: 32, values: (_plot, values) => values.map((value) => text(value)) },
    ],
    series: [
      {},
      { stroke: line, width: 2, points: { show: true, size: 5, fill: line } },
      { stroke: "transparent", points: { show: false } },
      { stroke: "transparent", points: { show: false } },
    ],
    bands: [{ series: [3, 2], fill: `${line}26` }],
  };
}

const dayText = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleDateString(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
