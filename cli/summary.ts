/** What is said when an execution has ended: what ran, how long, what was verified, what failed and why, where the logs are. */
import { dirname } from "node:path";
import type { ExecutionDetail, TaskDetail } from "../orchestrator/api/contract.ts";
import { columns, duration, fit, mark, paint } from "./terminal.ts";

export function summaryOf(execution: ExecutionDetail): string[] {
  const { tasks, progress } = execution;
  const ran = tasks.filter((task) => task.durationSeconds !== null && task.attempt > 0);
  const sum = ran.reduce((total, task) => total + (task.durationSeconds ?? 0), 0);
  const wall =
    execution.startedAt && execution.finishedAt
      ? (Date.parse(execution.finishedAt) - Date.parse(execution.startedAt)) / 1000
      : null;
  const cost = execution.costUsd > 0 ? `, $${execution.costUsd.toFixed(4)}` : "";
  return [
    "",
    `${mark(execution.status)} ${paint("bold", fit(execution.title, 100))}: ${execution.status}${execution.reason === null ? "" : ` (${execution.reason})`}`,
    `  ${progress.current} of ${progress.total} tasks in ${duration(wall)}${sum > 0 && wall !== null ? ` (${duration(sum)} of work)` : ""}${cost}`,
    "",
    ...columns(
      tasks.map((task) => [
        `  ${mark(task.status)} ${task.id}`,
        duration(task.durationSeconds),
        fit(task.title, 60),
        task.attempt > 1 ? `attempt ${task.attempt}` : "",
      ]),
    ),
    ...verified(tasks),
    ...failures(tasks),
    ...logs(execution, tasks),
  ];
}

function verified(tasks: TaskDetail[]): string[] {
  const rows = tasks.flatMap((task) =>
    task.evidence.map((evidence) => [
      `  ${mark(evidence.passed ? "completed" : "failed")} ${task.id}`,
      fit(evidence.argv.at(-1) ?? "", 60),
      `exit ${evidence.exitCode ?? "–"}, ${duration(evidence.durationMs / 1000)}`,
    ]),
  );
  if (rows.length === 0) return ["", "Verified: nothing; the plan has no checks that can be run."];
  return ["", "Verified by the orchestrator's own runs:", ...columns(rows)];
}

function failures(tasks: TaskDetail[]): string[] {
  const failed = tasks.filter((task) => task.status === "failed");
  if (failed.length === 0) return [];
  const explained = failed.flatMap((task) => [
    `  ${mark("failed")} ${task.id}: ${fit(task.message ?? "", 200)}`,
    ...(task.summary ?? "")
      .split("\n")
      .slice(-5)
      .filter((line) => line.trim() !== "")
      .map((line) => paint("gray", `      ${fit(line, 120)}`)),
    ...(task.logFile === null ? [] : [`      ${task.logFile}`]),
  ]);
  return ["", "Failed:", ...explained];
}

function logs(execution: ExecutionDetail, tasks: TaskDetail[]): string[] {
  const file = tasks.find((task) => task.logFile !== null)?.logFile;
  return [
    "",
    `Workspace  ${execution.workspace}`,
    ...(file === null || file === undefined ? [] : [`Logs       ${dirname(dirname(dirname(file)))}`]),
    `Again      longhaul status ${execution.executionId.slice(-8)} · longhaul logs ${execution.executionId.slice(-8)}`,
  ];
}
