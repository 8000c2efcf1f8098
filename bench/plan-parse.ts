/** Milliseconds to read a plan and make its graph, by number of tasks. Linear growth shows as a steady last column. */
import { compileGraph } from "../plan/graph.ts";
import { parsePlan } from "../plan/parse.ts";

const sizes = [1_000, 2_500, 5_000, 10_000];
const rounds = 3;

const shapes: Record<string, (tasks: number) => { file: string; bytes: string }> = {
  "GSD roadmap, 10 plans a phase": (tasks) => ({ file: "ROADMAP.md", bytes: roadmap(tasks) }),
  "one flat checklist": (tasks) => ({
    file: "todo.md",
    bytes: `# Plan\n\n${Array.from({ length: tasks }, (_, index) => `- [ ] Do the \`thing\` number ${index} as described in docs/${index}.md`).join("\n")}\n`,
  }),
  "JSON with dependencies": (tasks) => ({
    file: "plan.json",
    bytes: JSON.stringify({
      title: "Plan",
      tasks: Array.from({ length: tasks }, (_, index) => ({
        id: `t${index}`,
        title: `Task ${index}`,
        command: "true",
        dependencies: index < 10 ? [] : [`t${index - 10}`, `t${index - 7}`],
      })),
    }),
  }),
  "spec-kit, half of it parallel": (tasks) => ({ file: "tasks.md", bytes: specKit(tasks) }),
};

function roadmap(tasks: number): string {
  const phases = Array.from({ length: Math.ceil(tasks / 10) }, (_, phase) => {
    const id = phase + 1;
    const plans = Array.from(
      { length: 10 },
      (_plan, plan) =>
        `- [ ] ${String(id).padStart(2, "0")}-${String(plan + 1).padStart(2, "0")}: Build part ${plan} of phase ${id}\n  - Run: \`make part-${plan}\``,
    );
    return `### Phase ${id}: Part ${id}\n\n**Goal**: Part ${id} works\n**Depends on**: ${phase === 0 ? "Nothing" : `Phase ${phase}`}\n\nPlans:\n${plans.join("\n")}\n`;
  });
  return `# Roadmap\n\n## Phase Details\n\n${phases.join("\n")}`;
}

function specKit(tasks: number): string {
  const lines = Array.from({ length: tasks }, (_, index) => {
    const head = index % 50 === 0 ? `\n## Phase ${index / 50 + 1}: Part\n\n` : "";
    return `${head}- [ ] T${String(index + 1).padStart(3, "0")} ${index % 2 === 0 ? "[P] " : ""}Write src/part-${index}.ts`;
  });
  return `# Tasks: X\n${lines.join("\n")}\n`;
}

console.log(
  `${"plan".padEnd(34)}${"tasks".padStart(7)}${"KiB".padStart(7)}${"edges".padStart(8)}${"ms".padStart(8)}${"µs/task".padStart(9)}`,
);
for (const [name, make] of Object.entries(shapes)) {
  for (const tasks of sizes) {
    const input = make(tasks);
    let best = Number.POSITIVE_INFINITY;
    let edges = 0;
    for (let round = 0; round < rounds; round++) {
      const started = performance.now();
      edges = compileGraph(parsePlan({ ...input, limits: { maxTasks: tasks, maxBytes: 16 * 1024 * 1024 } }).plan).edges.length;
      best = Math.min(best, performance.now() - started);
    }
    const cells = [tasks, Math.round(input.bytes.length / 1024), edges, Math.round(best), Math.round((best * 1000) / tasks)];
    console.log(name.padEnd(34) + [7, 7, 8, 8, 9].map((width, index) => String(cells[index]).padStart(width)).join(""));
  }
}
