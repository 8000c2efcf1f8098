/**
 * Answers of tools in the form that reaches the model: of a success only `structuredContent`, of a failure only the text. So every success
 * carries a one-line `summary`, and every failure says what is wrong, what to do, and where in the plan.
 */
import type { CallToolResult, InputRequiredResult } from "@modelcontextprotocol/server";
import type { Problem } from "../orchestrator/api/contract.ts";
import { fitResult } from "./result-size.ts";
import { cutText, visibleText } from "./task-text.ts";

const mostProblems = 20;
const longestLineBytes = 600;

/** The text repeats the structure for clients that know nothing of `structuredContent`. */
export function success(structure: { summary: string; [key: string]: unknown }): CallToolResult {
  return { content: [{ type: "text", text: JSON.stringify(structure) }], structuredContent: structure };
}

export function failure(text: string): CallToolResult {
  return { content: [{ type: "text", text }], isError: true };
}

/** Runs a tool; what the orchestrator refuses, or that it cannot be reached, becomes a result that the model can act on. */
export async function toolResult<Result extends CallToolResult | InputRequiredResult>(
  run: () => Promise<Result>,
): Promise<Result | CallToolResult> {
  try {
    return await run();
  } catch (error) {
    return failure(failureText(error));
  }
}

export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const problem = problemOf(error);
  return problem === undefined ? visibleText(error.message) : fitResult(mostProblems, (listed) => problemText(problem, listed));
}

function problemText({ title, detail, hint, errors: problems = [] }: Problem, listed: number): string {
  const lines = problems.slice(0, listed).map(problemLine);
  // The detail of a plan's refusal is the messages of its problems; with their lines they need not be said twice.
  const isListed = problems.some(({ message }) => typeof message === "string" && detail.includes(message));
  return [
    isListed ? `${title}:` : shortened(detail),
    ...lines,
    ...(problems.length > lines.length ? [`… and ${problems.length - lines.length} more`] : []),
    ...(hint === undefined ? [] : [`What to do: ${shortened(hint)}`]),
  ].join("\n");
}

/** Problems quote the plan, which may come from anywhere. */
function shortened(text: string): string {
  return cutText(visibleText(text), longestLineBytes);
}

/** Told by shape: importing the class would load the HTTP client before it is needed. */
function problemOf(error: Error): Problem | undefined {
  return "problem" in error ? (error.problem as Problem) : undefined;
}

function problemLine(problem: Record<string, unknown>): string {
  const { file, line, field, message, fix } = problem;
  const place = [
    ...(typeof file === "string" ? [file] : []),
    ...(typeof line === "number" ? [`line ${line}`] : []),
    ...(typeof field === "string" && field !== "" ? [field] : []),
  ].join(", ");
  const remedy = typeof fix === "string" ? ` What to do: ${fix}` : "";
  const what = typeof message === "string" ? message : JSON.stringify(problem);
  return `- ${shortened(`${place === "" ? "" : `${place}: `}${what}${remedy}`)}`;
}
