/** The environment of a task: an allow-list of the orchestrator's own, what the kind of task needs, and who it is. */
import type { Assignment } from "./executor.ts";
import { markVariable } from "./process-tree.ts";

/** Names that every command may see. A trailing `*` stands for any ending. */
const allowed = ["PATH", "HOME", "LANG", "LC_*", "TERM", "TMPDIR", "SHELL", "USER", "LOGNAME", "TZ"];

/** Nobody sits at a terminal: nothing may wait for an answer, page or paint. */
const unattended: Record<string, string> = {
  CI: "true",
  TERM: "dumb",
  PAGER: "cat",
  GIT_PAGER: "cat",
  GIT_TERMINAL_PROMPT: "0",
  DEBIAN_FRONTEND: "noninteractive",
};

export type EnvironmentOptions = {
  /** Where the allowed names are looked up. */
  from: Readonly<Record<string, string | undefined>>;
  /** Further names that may be passed on, e.g. `ANTHROPIC_*`. */
  passOn?: readonly string[];
  /** Values that are set whatever the orchestrator has. */
  set?: Readonly<Record<string, string>>;
};

/** The value that marks every process of one attempt. */
export function attemptMark(assignment: Assignment): string {
  return `${assignment.executionId}.${assignment.ordinal}.${assignment.attempt}`;
}

/** Builds the environment; everything that is not named stays out, database addresses, tokens and keys included. */
export function taskEnvironment(assignment: Assignment, options: EnvironmentOptions): Record<string, string> {
  const names = [...allowed, ...(options.passOn ?? [])];
  const passes = (name: string) =>
    names.some((pattern) => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
  const passed = Object.entries(options.from).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && passes(entry[0]),
  );
  return {
    ...unattended,
    ...Object.fromEntries(passed),
    ...assignment.environment,
    ...options.set,
    LONGHAUL_EXECUTION_ID: assignment.executionId,
    LONGHAUL_TASK_ID: assignment.taskId,
    [markVariable]: attemptMark(assignment),
  };
}
