/** What became of an execution: what ran, how long, what was verified, what failed and why, where the logs are, what to do next. */
import { dirname } from "node:path";
import type { ExecutionDetail, TaskDetail } from "../orchestrator/api/contract.ts";
import { mark } from "./marks.ts";
import { answerWidth, commandLine, duration, paint } from "./terminal.ts";
import { columns, fit } from "./text-width.ts";

/** Longer plans are summed up by phase, and their checks by number. */
const mostRows = 40;
const titleWidth = 60;

export function summaryOf(execution: ExecutionDetail): string[] {
  const reason = execution.reason === null ? "" : ` (${fit(execution.reason, 200)})`;
  return [
    "",
    `${mark(execution.status)} ${paint("bold", fit(execution.title, 100))}: ${execution.status}${reason}`,
    `  ${amount(execution)}`,
    "",
    ...whatRan(execution),
    ...verified(execution.tasks),
    ...failures(execution.tasks),
    ...waiting(execution.tasks),
    ...whereToLook(execution),
  ];
}

function amount({ tasks, progress, startedAt, finishedAt, costUsd, tokens }: ExecutionDetail): string {
  const work = tasks.reduce((sum, task) => sum + (task.attempt > 0 ? (task.durationSeconds ?? 0) : 0), 0);
  const wall =
    startedAt === null ? undefined : ((finishedAt === null ? Date.now() : Date.parse(finishedAt)) - Date.parse(startedAt)) / 1000;
  return [
    `${progress.current} of ${progress.total} tasks${wall === undefined ? "" : ` in ${duration(wall)}`}`,
    ...(work > 0 ? [`${duration(work)} of work`] : []),
    ...(costUsd > 0 ? [`$${costUsd.toFixed(2)}`] : []),
    ...(tokens > 0 ? [`${tokens} tokens`] : []),
  ].join(", ");
}

function whatRan({ tasks, phases }: ExecutionDetail): string[] {
  if (tasks.length > mostRows && phases.length > 0) {
    return columns(
      phases.map((phase) => [
        `  ${mark(phase.done === phase.total ? "completed" : "pending")} ${fit(phase.title, titleWidth)}`,
        `${phase.done}/${phase.total}`,
      ]),
      answerWidth(),
    );
  }
  const rows = tasks.slice(0, mostRows).map((task) => {
    const notes = [
      ...(task.attempt > 1 ? [`attempt ${task.attempt}`] : []),
      ...(task.costUsd === null ? [] : [`$${task.costUsd.toFixed(2)}`]),
    ];
    return [`  ${mark(task.status)} ${task.id}`, duration(task.durationSeconds), fit(task.title, titleWidth), notes.join(", ")];
  });
  return [...columns(rows, answerWidth()), ...more(tasks.length)];
}

function verified(tasks: TaskDetail[]): string[] {
  const checks = tasks.flatMap((task) => task.evidence.map((evidence) => ({ task, evidence })));
  if (checks.length === 0) return ["", "Verified: nothing; the plan names no checks (Verify: `command`)."];
  const failedFirst = [...checks.filter(({ evidence }) => !evidence.passed), ...checks.filter(({ evidence }) => evidence.passed)];
  const rows = failedFirst
    .slice(0, mostRows)
    .map(({ task, evidence }) => [
      `  ${mark(evidence.passed ? "completed" : "failed")} ${task.id}`,
      `exit ${evidence.exitCode ?? "–"}`,
      duration(evidence.durationMs / 1000),
      fit(evidence.argv.at(-1) ?? "", titleWidth),
      evidence.tests === undefined ? "" : `${evidence.tests.passedTests} of ${evidence.tests.totalTests} tests passed`,
    ]);
  const passed = checks.filter(({ evidence }) => evidence.passed).length;
  return [
    "",
    `Verified by the orchestrator's own runs (${passed} of ${checks.length} passed):`,
    ...columns(rows, answerWidth()),
    ...more(checks.length),
  ];
}

const more = (all: number) => (all > mostRows ? [`    … and ${all - mostRows} more`] : []);

function failures(tasks: TaskDetail[]): string[] {
  const failed = tasks.filter((task) => task.status === "failed");
  if (failed.length === 0) return [];
  const explained = failed.slice(0, mostRows).flatMap((task) => [
    `  ${mark("failed")} ${task.id}: ${fit(task.message ?? "", 200)}`,
    ...(task.summary ?? "")
      .split("\n")
      .filter((line) => line.trim() !== "")
      .slice(-5)
      .map((line) => paint("gray", `      ${fit(line, 120)}`)),
    ...(task.logFile === null ? [] : [`      ${task.logFile}`]),
  ]);
  return ["", "Failed:", ...explained, ...more(failed.length)];
}

function waiting(tasks: TaskDetail[]): string[] {
  const count = tasks.filter((task) => task.status.startsWith("awaiting")).length;
  return count === 0 ? [] : ["", `${mark("awaiting_human")} ${count} waiting for you: ${commandLine("inbox")}`];
}

function whereToLook(execution: ExecutionDetail): string[] {
  const short = execution.executionId.slice(-8);
  const file = execution.tasks.find((task) => task.logFile !== null)?.logFile;
  const lines = [
    ["Workspace", execution.workspace],
    ...(file === null || file === undefined ? [] : [["Logs", dirname(dirname(dirname(file)))]]),
    ["Output", commandLine(`logs ${short}`)],
    ...(execution.status === "failed" || execution.status === "cancelled" ? [["Again", commandLine(`retry ${short}`)]] : []),
    ...(execution.status === "paused" ? [["Go on", commandLine(`resume ${short}`)]] : []),
    ...(execution.finishedAt === null
      ? [
          ["Follow", commandLine(`status ${short} --watch`)],
          ["Stop", commandLine(`cancel ${short}`)],
        ]
      : []),
  ];
  return ["", ...columns(lines)];
}
