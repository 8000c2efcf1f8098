/** An execution and its plan as documents for a session: more than `status` says, still of bounded size, and what tasks wrote is quoted. */
import type { ExecutionDetail, TaskDetail } from "../orchestrator/api/contract.ts";
import { executionSummary } from "./execution-summary.ts";
import { cutText, oneLine, quoteTaskText } from "./task-text.ts";

const mostTasks = 200;
const longestQuoteBytes = 8_000;
const longestDocumentBytes = 32_000;
const signs: Partial<Record<TaskDetail["status"], string>> = {
  completed: "x",
  skipped: "-",
  failed: "!",
  cancelled: "!",
  in_progress: ">",
};

/** How it stands, task by task, what failed and why. */
export function executionDocument(execution: ExecutionDetail): string {
  const { tasks, costUsd, tokens, startedAt, finishedAt, eta, workspace } = execution;
  const said = tasks
    .map((task) => ({ id: task.id, text: task.message ?? task.summary }))
    .filter(({ text }) => text !== null && text.trim() !== "")
    .map(({ id, text }) => `${oneLine(id)}: ${(text ?? "").slice(0, 600)}`);
  return documentOf([
    `# ${oneLine(execution.title)}`,
    executionSummary(execution),
    "",
    `- id: ${execution.executionId}`,
    `- workspace: ${oneLine(workspace, 400)}`,
    `- started: ${startedAt ?? "not yet"}, ended: ${finishedAt ?? "not yet"}${eta === null ? "" : `, expected to end: ${eta}`}`,
    `- cost: ${costUsd.toFixed(4)} USD, ${tokens} tokens`,
    "",
    "## Tasks",
    "",
    ...listed(
      tasks,
      (task) => `- [${signs[task.status] ?? " "}] ${oneLine(task.id)} ${oneLine(task.title)} (${factsOf(task).join(", ")})`,
    ),
    ...section("What the tasks said", quoteTaskText(said, longestQuoteBytes)),
  ]);
}

/** The plan as it was read: the tasks with what they wait for. */
export function planDocument(execution: ExecutionDetail): string {
  const { tasks, phases, source, planId } = execution;
  const inPhase = Map.groupBy(tasks.slice(0, mostTasks), (task) => task.phase);
  const lines = (phase: string | null) =>
    (inPhase.get(phase) ?? []).map((task) => {
      const after = task.dependencies.length === 0 ? "" : `, after ${oneLine(task.dependencies.join(", "), 300)}`;
      return `- ${oneLine(task.id)} ${oneLine(task.title)} (${task.kind}${after})`;
    });
  return documentOf([
    `# ${oneLine(execution.title)}`,
    `The plan ${planId} of execution ${execution.executionId}, read from ${oneLine(source, 400)}: ${tasks.length} tasks.`,
    ...phases.flatMap((phase) => [
      "",
      `## ${oneLine(phase.title)} (${phase.done} of ${phase.total} done)`,
      "",
      ...lines(phase.id),
    ]),
    "",
    ...lines(null),
    ...rest(tasks.length),
  ]);
}

function factsOf({ kind, status, attempt, durationSeconds, evidence, dependencies }: TaskDetail): string[] {
  const passed = evidence.filter((check) => check.passed).length;
  return [
    status,
    kind,
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(durationSeconds === null ? [] : [`${Math.round(durationSeconds)} s`]),
    ...(evidence.length === 0 ? [] : [`${passed} of ${evidence.length} checks passed`]),
    ...(dependencies.length === 0 ? [] : [`after ${oneLine(dependencies.join(" "), 120)}`]),
  ];
}

function listed(tasks: readonly TaskDetail[], line: (task: TaskDetail) => string): string[] {
  return [...tasks.slice(0, mostTasks).map(line), ...rest(tasks.length)];
}

function rest(count: number): string[] {
  return count > mostTasks ? [`… and ${count - mostTasks} more`] : [];
}

function section(title: string, text: string | undefined): string[] {
  return text === undefined ? [] : ["", `## ${title}`, "", text];
}

function documentOf(lines: readonly string[]): string {
  return cutText(`${lines.join("\n")}\n`, longestDocumentBytes);
}
