/** The task graphs of the workloads. Tasks are numbers from 0; a task depends on earlier ones only, so the order is topological. */

export type Graph = {
  name: string;
  /** `dependencies[task]` are the tasks that must have finished before it. */
  dependencies: readonly (readonly number[])[];
};

/** Tasks side by side in one layer of the layered graph. */
export const layerWidth = 100;

/** Layers of 100 tasks; every task depends on two of the layer above: the one over it and one far away, so that no part is independent. */
export function layered(layers: number): Graph {
  const dependencies = Array.from({ length: layers * layerWidth }, (_, task) => {
    if (task < layerWidth) return [];
    const above = task - (task % layerWidth) - layerWidth;
    const column = task % layerWidth;
    return [above + column, above + ((column * 37 + 11) % layerWidth)].filter((one, index, all) => all.indexOf(one) === index);
  });
  return { name: "dag", dependencies };
}

export function independent(tasks: number): Graph {
  return { name: "independent", dependencies: Array.from({ length: tasks }, () => []) };
}

/** One task, then `width` tasks at once, then one that waits for all of them. */
export function fan(width: number): Graph {
  const middle = Array.from({ length: width }, (_, index) => index + 1);
  return { name: "fan", dependencies: [[], ...middle.map(() => [0]), middle] };
}

export function chain(tasks: number): Graph {
  return { name: "chain", dependencies: Array.from({ length: tasks }, (_, task) => (task === 0 ? [] : [task - 1])) };
}

export function single(): Graph {
  return { name: "single", dependencies: [[]] };
}

/** The tasks that wait for each task: the dependencies turned around. */
export function dependents(graph: Graph): number[][] {
  const found: number[][] = graph.dependencies.map(() => []);
  graph.dependencies.forEach((needed, task) => {
    for (const dependency of needed) found[dependency]?.push(task);
  });
  return found;
}

/** Groups of tasks whose dependencies all lie in earlier groups. */
export function waves(graph: Graph): number[][] {
  const depth: number[] = [];
  const found: number[][] = [];
  graph.dependencies.forEach((needed, task) => {
    const own = needed.reduce((deepest, dependency) => Math.max(deepest, (depth[dependency] ?? 0) + 1), 0);
    depth.push(own);
    (found[own] ??= []).push(task);
  });
  return found;
}
