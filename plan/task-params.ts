/**
 * What a task's `params` must be for its kind, asked when a plan is handed off, so that a wrong one is refused with its line and not found
 * out at night. A task of a kind that acts on its own and is told nothing to act on (a title in prose was taken for an e-mail, say) is a
 * person's: guessing addresses would be worse. Pure.
 */
import type { z } from "zod";
import type { ParsedPlan, Task, TaskKind } from "./model.ts";
import { AgentParams } from "./params/agent.ts";
import { BrowserParams, isActing } from "./params/browser.ts";
import { ContentParams } from "./params/content.ts";
import { DataParams } from "./params/data.ts";
import { DeployParams } from "./params/deploy.ts";
import { EmailParams } from "./params/email.ts";
import { GitParams } from "./params/git.ts";
import { HttpParams, isRepeatableRequest } from "./params/http.ts";
import { HumanParams } from "./params/human.ts";
import { WaitParams } from "./params/wait.ts";
import { PlanError, type PlanProblem } from "./plan-error.ts";
import { isOpen, leafTasks } from "./standing.ts";

type Spec = {
  schema: z.ZodType;
  /** One of these has to be there for the task to be run at all; without any a person does it. */
  needs: readonly string[];
};

const specs = {
  http: { schema: HttpParams, needs: ["url"] },
  browser: { schema: BrowserParams, needs: ["url"] },
  content: { schema: ContentParams, needs: [] },
  deploy: { schema: DeployParams, needs: ["host"] },
  email: { schema: EmailParams, needs: ["to"] },
  git: { schema: GitParams, needs: ["action"] },
  data: { schema: DataParams, needs: ["input", "inputs"] },
  human: { schema: HumanParams, needs: [] },
  agent: { schema: AgentParams, needs: [] },
  wait: { schema: WaitParams, needs: ["url", "file", "command", "seconds"] },
} satisfies Partial<Record<TaskKind, Spec>>;

export type CheckedKind = keyof typeof specs;
export type ParamsOf<Kind extends CheckedKind> = z.infer<(typeof specs)[Kind]["schema"]>;

const specOf = (kind: string): Spec | undefined => (specs as Partial<Record<string, Spec>>)[kind];

/** @throws Error that names every wrong parameter, what it is and what it must be */
export function readParams<Kind extends CheckedKind>(kind: Kind, task: Pick<Task, "id" | "params">): ParamsOf<Kind> {
  const result = specs[kind].schema.safeParse(task.params);
  if (result.success) return result.data as ParamsOf<Kind>;
  throw new Error(complaint(kind, task, result.error.issues));
}

/** True where doing it again after an unknown outcome does no harm. */
export function isRepeatable(task: Pick<Task, "kind" | "params">): boolean {
  if (task.kind === "http") {
    const read = HttpParams.safeParse(task.params);
    return read.success && isRepeatableRequest(read.data);
  }
  if (task.kind === "browser") {
    const { data } = BrowserParams.safeParse(task.params);
    return data === undefined || data.idempotent || !data.steps.some(isActing);
  }
  if (task.kind === "deploy") return DeployParams.safeParse(task.params).data?.idempotent ?? false;
  return task.kind !== "email";
}

/** True where the plan says too little for the task to be run by its kind of executor. */
export function lacksParams(task: Pick<Task, "kind" | "params">): boolean {
  const needs = specOf(task.kind)?.needs ?? [];
  return needs.length > 0 && !needs.some((name) => task.params[name] !== undefined);
}

/**
 * Gives tasks that say too little to a person, with a warning.
 * @throws PlanError with the line of every task whose params cannot be used
 */
export function checkParams(parsed: ParsedPlan): ParsedPlan {
  const { problems, checked } = judgeParams(parsed);
  if (problems.length > 0) throw new PlanError(problems);
  return checked;
}

/** The same for a look at the plan: what would be refused is a warning. */
export function warnOfParams(parsed: ParsedPlan): ParsedPlan {
  const { problems, checked } = judgeParams(parsed);
  const warnings = problems.map(({ code, message, line, file, fix }) => ({
    code,
    text: message,
    ...(line === undefined ? {} : { line }),
    ...(file === undefined ? {} : { file }),
    ...(fix === undefined ? {} : { fix }),
  }));
  return withWarnings(checked, warnings);
}

function judgeParams(parsed: ParsedPlan): { problems: PlanProblem[]; checked: ParsedPlan } {
  const { plan } = parsed;
  const open = new Set(
    leafTasks(plan)
      .filter((task) => isOpen(task) && specOf(task.kind) !== undefined)
      .map(({ id }) => id),
  );
  const problems: PlanProblem[] = [];
  const warnings: ParsedPlan["report"]["warnings"] = [];
  const tasks = plan.tasks.map((task) => {
    const spec = specOf(task.kind);
    if (spec === undefined || !open.has(task.id)) return task;
    const line = task.sourceLine === undefined ? {} : { line: task.sourceLine };
    if (lacksParams(task)) {
      if (task.automation !== "FULL_AUTO") return task; // it is a person's already
      const reason = `A task of kind ${task.kind} needs params.${spec.needs.join(" or params.")} to be run, and has none: a person does it.`;
      warnings.push({ code: "no-params", ...line, text: `Task ${task.id}: ${reason}` });
      return { ...task, automation: "HUMAN_ONLY" as const, requiresHuman: task.requiresHuman ?? reason };
    }
    const result = spec.schema.safeParse(task.params);
    if (result.success) return task;
    problems.push({
      code: "bad-params",
      message: complaint(task.kind, task, result.error.issues),
      ...line,
      ...(task.sourceFile === undefined ? {} : { file: task.sourceFile }),
      fix: `docs/executors.md lists the parameters of kind ${task.kind}.`,
    });
    return task;
  });
  return { problems, checked: withWarnings(warnings.length === 0 ? parsed : { ...parsed, plan: { ...plan, tasks } }, warnings) };
}

function withWarnings(parsed: ParsedPlan, warnings: ParsedPlan["report"]["warnings"]): ParsedPlan {
  if (warnings.length === 0) return parsed;
  return { ...parsed, report: { ...parsed.report, warnings: [...parsed.report.warnings, ...warnings] } };
}

function complaint(kind: string, { id, params }: Pick<Task, "id" | "params">, issues: readonly z.core.$ZodIssue[]): string {
  const said = issues.map((issue) => {
    const name = ["params", ...issue.path.map(String)].join(".");
    if (issue.code === "unrecognized_keys") return `${name} has no ${issue.keys.map((key) => `'${key}'`).join(", ")}`;
    const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], params);
    const shown = issue.path.length === 0 ? "" : ` (it is ${JSON.stringify(value)?.slice(0, 200) ?? "missing"})`;
    return `${name}: ${issue.message}${shown}`;
  });
  return `Task ${id} of kind ${kind}: ${said.join("; ")}`;
}
