/** The parts that Grafana dashboards are made of here; `grafana.ts` puts them together. */

import type { Dashboard as DashboardModel, Panel as PanelModel, VariableModel } from "@grafana/schema";

type Source = "prometheus" | "loki" | "tempo";
export type Query = { expr: string; legend?: string; instant?: boolean; source?: Source };
export type Panel = {
  title: string;
  /** What the person is to learn from it. */
  about?: string;
  type: "stat" | "timeseries" | "table" | "bargauge" | "logs" | "traces";
  unit?: string;
  /** Of the 24 columns, and in rows. */
  width: number;
  height: number;
  queries: Query[];
};
export type Variable = { name: string; label: string; query: string; regex?: string };
export type Dashboard = { uid: string; title: string; about: string; variables: Variable[]; panels: Panel[] };

const refIds = "ABCDEFGHIJ";
const columns = 24;

/** The JSON that Grafana loads. Panels are laid out in reading order. */
export function dashboardJson({ uid, title, about, variables, panels }: Dashboard): DashboardModel {
  let x = 0;
  let y = 0;
  let rowHeight = 0;
  const placed = panels.map((panel, index) => {
    if (x + panel.width > columns) {
      x = 0;
      y += rowHeight;
      rowHeight = 0;
    }
    const gridPos = { x, y, w: panel.width, h: panel.height };
    x += panel.width;
    rowHeight = Math.max(rowHeight, panel.height);
    return panelJson(panel, index + 1, gridPos);
  });
  return {
    uid,
    title,
    description: about,
    tags: ["longhaul"],
    editable: true,
    graphTooltip: 1,
    schemaVersion: 41,
    version: 1,
    refresh: "10s",
    time: { from: "now-1h", to: "now" },
    timepicker: {},
    timezone: "browser",
    fiscalYearStartMonth: 0,
    annotations: { list: [] },
    links: [
      {
        type: "dashboards",
        title: "Longhaul",
        tags: ["longhaul"],
        asDropdown: true,
        icon: "external link",
        tooltip: "",
        targetBlank: false,
        includeVars: true,
        keepTime: true,
      },
    ],
    templating: { list: variables.map(variableJson) },
    panels: placed,
  };
}

const sourceOf = (source: Source = "prometheus") => ({ type: source, uid: source });

function panelJson(
  { title, about, type, unit, queries }: Panel,
  id: number,
  gridPos: NonNullable<PanelModel["gridPos"]>,
): PanelModel {
  return {
    id,
    type,
    title,
    ...(about === undefined ? {} : { description: about }),
    gridPos,
    datasource: sourceOf(queries[0]?.source),
    targets: queries.map((query, index) => targetJson(query, index, type === "table")),
    fieldConfig: { defaults: { ...(unit === undefined ? {} : { unit }), ...defaultsOf(type) }, overrides: [] },
    options: optionsOf(type),
    ...(type === "table"
      ? {
          transformations: [
            { id: "labelsToFields", options: { mode: "columns" } },
            { id: "merge", options: {} },
          ],
        }
      : {}),
  };
}

function targetJson({ expr, legend, instant, source }: Query, index: number, isTable: boolean): Record<string, unknown> {
  const base = { refId: refIds[index], datasource: sourceOf(source) };
  if (source === "tempo") return { ...base, queryType: "traceql", query: expr, limit: 20, tableType: "traces" };
  if (source === "loki") return { ...base, expr, queryType: "range" };
  return {
    ...base,
    expr,
    legendFormat: legend ?? "__auto",
    ...(instant === true || isTable ? { instant: true, range: false } : { range: true }),
    ...(isTable ? { format: "table" } : {}),
  };
}

const defaultsOf = (type: Panel["type"]): object =>
  type === "timeseries" ? { custom: { lineWidth: 2, fillOpacity: 10, showPoints: "never", spanNulls: true } } : {};

function optionsOf(type: Panel["type"]): Record<string, unknown> {
  switch (type) {
    case "stat":
      return {
        reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
        colorMode: "value",
        graphMode: "area",
        textMode: "auto",
      };
    case "bargauge":
      return {
        reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
        orientation: "horizontal",
        displayMode: "basic",
      };
    case "timeseries":
      return {
        legend: { displayMode: "list", placement: "bottom", showLegend: true, calcs: [] },
        tooltip: { mode: "multi", sort: "desc" },
      };
    case "logs":
      return { showTime: true, wrapLogMessage: true, sortOrder: "Descending", enableLogDetails: true, dedupStrategy: "none" };
    case "table":
      return { showHeader: true, cellHeight: "sm" };
    case "traces":
      return {};
  }
}

const variableJson = ({ name, label, query, regex }: Variable): VariableModel => ({
  name,
  label,
  type: "query",
  datasource: sourceOf(),
  query: { query, refId: name },
  ...(regex === undefined ? {} : { regex }),
  refresh: 2,
  sort: 0,
  multi: false,
  includeAll: false,
  hide: 0,
  skipUrlSync: false,
});
