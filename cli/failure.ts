/** Any error → what a person sees (what, where, the next step) and the exit code for scripts. No stack traces. */
import { ApiError } from "../client/api-error.ts";
import { StartError } from "../client/start.ts";
import { LonghaulError } from "../orchestrator/domain/errors.ts";
import { PlanError, type PlanProblem } from "../plan/plan-error.ts";
import { exitCodes } from "./exit-codes.ts";
import { commandLine } from "./terminal.ts";

const codes: Record<number, string> = {
  [exitCodes.usage]: "invalid_input",
  [exitCodes.notRunning]: "unavailable",
  [exitCodes.notFound]: "not_found",
};

/** A refusal of the command line's own. */
export class CommandFailure extends Error {
  readonly exitCode: number;
  readonly hint: string | undefined;

  constructor(message: string, exitCode: number, hint?: string) {
    super(message);
    this.name = "CommandFailure";
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

export type Failure = {
  message: string;
  hint?: string;
  code: string;
  problems?: unknown[];
  correlationId?: string;
  exitCode: number;
};

export function failureOf(error: unknown): Failure {
  if (error instanceof CommandFailure)
    return { message: error.message, ...hintOf(error.hint), code: codes[error.exitCode] ?? "refused", exitCode: error.exitCode };
  if (error instanceof PlanError)
    return { message: planText(error.problems), code: "invalid_plan", problems: error.problems, exitCode: exitCodes.refused };
  if (error instanceof StartError)
    return {
      message: error.message,
      hint: `${commandLine("doctor")} looks for the cause.`,
      code: "unavailable",
      exitCode: exitCodes.notRunning,
    };
  if (error instanceof LonghaulError) {
    return {
      message: error.message,
      ...hintOf(error.hint),
      code: error.code,
      exitCode: error.code === "invalid_input" ? exitCodes.usage : exitCodes.failed,
    };
  }
  if (error instanceof ApiError) return apiFailure(error);
  return { message: error instanceof Error ? error.message : String(error), code: "internal", exitCode: exitCodes.failed };
}

function apiFailure(error: ApiError): Failure {
  const { problem } = error;
  const exitCode =
    error.status === 0 || error.status === 503
      ? exitCodes.notRunning
      : error.status === 404
        ? exitCodes.notFound
        : error.status === 409 || error.status === 422
          ? exitCodes.refused
          : error.status === 400
            ? exitCodes.usage
            : exitCodes.failed;
  const problems = (problem.errors ?? []) as PlanProblem[];
  const message = problem.code === "invalid_plan" && problems.length > 0 ? planText(problems) : problem.detail;
  return {
    message,
    ...hintOf(inCommands(problem.hint)),
    code: problem.code,
    problems,
    correlationId: problem.correlationId,
    exitCode,
  };
}

/** The API's hints name its routes; here the commands that do the same. */
function inCommands(hint: string | undefined): string | undefined {
  return hint
    ?.replace("GET /api/executions lists them", `${commandLine("list")} shows the ids`)
    .replace("GET /api/actions/pending lists the ids", `${commandLine("inbox")} shows the ids`)
    .replace("'longhaul up'", commandLine("up"));
}

const hintOf = (hint: string | undefined) => (hint === undefined ? {} : { hint });

function planText(problems: PlanProblem[]): string {
  return problems
    .map(({ message, file, line, column, fix }) => {
      const place = [file, line, column].filter((part) => part !== undefined).join(":");
      return `${place === "" ? "" : `${place}: `}${message}${fix === undefined ? "" : `\n  → ${fix}`}`;
    })
    .join("\n");
}
