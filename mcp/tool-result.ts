/**
 * Answers of tools in the form that reaches the model: of a success only `structuredContent`, of a failure only the text. So every success
 * carries a one-line `summary`, and every failure says what is wrong, what to do, and where in the plan.
 */
import type { CallToolResult } from "@modelcontextprotocol/server";
import type { Problem } from "../orchestrator/api/contract.ts";

const mostProblems = 20;

/** The text repeats the structure for clients that know nothing of `structuredContent`. */
export function success(structure: { summary: string; [key: string]: unknown }): CallToolResult {
  return { content: [{ type: "text", text: JSON.stringify(structure) }], structuredContent: structure };
}

export function failure(text: string): CallToolResult {
  return { content: [{ type: "text", text }], isError: true };
}

/** Runs a tool; what the orchestrator refuses, or that it cannot be reached, becomes a result that the model can act on. */
export async function toolResult(run: () => Promise<CallToolResult>): Promise<CallToolResult> {
  try {
    return await run();
  } catch (error) {
    return failure(failureText(error));
  }
}

export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const problem = problemOf(error);
  if (problem === undefined) return error.message;
  const lines = (problem.errors ?? []).slice(0, mostProblems).map(problemLine);
  const more = (problem.errors?.length ?? 0) - lines.length;
  return [
    problem.detail,
    ...lines.filter((line) => line !== "" && !problem.detail.includes(line)),
    ...(more > 0 ? [`… and ${more} more`] : []),
    ...(problem.hint === undefined ? [] : [`What to do: ${problem.hint}`]),
  ].join("\n");
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
  const remedy = typeof fix === "string" ? ` (${fix})` : "";
  if (typeof message !== "string") return place;
  return `- ${place === "" ? "" : `${place}: `}${message}${remedy}`;
}
