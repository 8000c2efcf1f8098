/**
 * Where the tasks of a graph stand, from left to right. Small graphs are laid out by dagre, which keeps edges from crossing; it takes seconds
 * from some hundred nodes on, so larger ones are put in columns by their longest chain, each near what it depends on. Wide columns are
 * broken, because ten thousand independent tasks in one column could not be looked at.
 */
import { topological } from "./schedule.ts";

export type GraphNode = { id: string; dependencies: readonly string[] };
export type Place = { id: string; x: number; y: number };
export type Layout = { places: Map<string, Place>; width: number; height: number };

export const nodeWidth = 186;
export const nodeHeight = 46;
const [columnGap, rowGap] = [46, 16];
const mostForDagre = 250;
const mostInColumn = 48;

export async function layoutGraph(nodes: readonly GraphNode[]): Promise<Layout> {
  const edges = nodes.reduce((sum, node) => sum + node.dependencies.length, 0);
  return nodes.length <= mostForDagre && edges <= mostForDagre * 3 ? withDagre(nodes) : inColumns(nodes);
}

async function withDagre(nodes: readonly GraphNode[]): Promise<Layout> {
  const { graphlib, layout } = await import("@dagrejs/dagre");
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: rowGap, ranksep: columnGap, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) graph.setNode(id, { width: nodeWidth, height: nodeHeight });
  for (const { id, dependencies } of nodes)
    for (const before of dependencies) if (graph.hasNode(before)) graph.setEdge(before, id);
  layout(graph);
  const places = nodes.map(({ id }) => {
    const { x, y } = graph.node(id) as { x: number; y: number };
    return { id, x: x - nodeWidth / 2, y: y - nodeHeight / 2 };
  });
  return measured(places);
}

function inColumns(nodes: readonly GraphNode[]): Layout {
  const rank = new Map<string, number>();
  const columns: GraphNode[][] = [];
  for (const node of topological(nodes)) {
    const own = node.dependencies.reduce((most, id) => Math.max(most, (rank.get(id) ?? -1) + 1), 0);
    rank.set(node.id, own);
    columns[own] ??= [];
    columns[own].push(node);
  }
  const row = new Map<string, number>();
  const places: Place[] = [];
  let x = 0;
  for (const column of columns) {
    const wanted = new Map(column.map((node, index) => [node.id, meanRow(node, row) ?? index]));
    const sorted = [...column].sort((a, b) => (wanted.get(a.id) ?? 0) - (wanted.get(b.id) ?? 0));
    const parts = Math.ceil(sorted.length / mostInColumn);
    const height = Math.ceil(sorted.length / parts);
    const top = ((Math.min(mostInColumn, largest(columns)) - height) / 2) * (nodeHeight + rowGap);
    sorted.forEach((node, index) => {
      const [part, line] = [Math.floor(index / height), index % height];
      row.set(node.id, line);
      places.push({ id: node.id, x: x + part * (nodeWidth + rowGap), y: top + line * (nodeHeight + rowGap) });
    });
    x += parts * (nodeWidth + rowGap) - rowGap + columnGap;
  }
  return measured(places);
}

const largest = (columns: GraphNode[][]) => columns.reduce((most, column) => Math.max(most, column.length), 0);

function meanRow(node: GraphNode, row: ReadonlyMap<string, number>): number | undefined {
  const rows = node.dependencies.flatMap((id) => row.get(id) ?? []);
  return rows.length === 0 ? undefined : rows.reduce((sum, value) => sum + value, 0) / rows.length;
}

function measured(places: Place[]): Layout {
  let [width, height] = [0, 0];
  for (const { x, y } of places) {
    width = Math.max(width, x + nodeWidth);
    height = Math.max(height, y + nodeHeight);
  }
  return { places: new Map(places.map((place) => [place.id, place])), width, height };
}
