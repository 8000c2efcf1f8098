/** What one ended task teaches (SPEC §11), as it is stored, embedded and shown. */
import type { Observed } from "./extract.ts";
import { type TermCounts, termsOf } from "./words.ts";

/** `success` and `failure` only where something was measured: a check that ran or an exit code. What an agent merely claims is `unverified`. */
export type PatternOutcome = "success" | "failure" | "unverified";

/** The stored payload, named as in SPEC §11. */
export type PatternPayload = {
  conversation_id: string;
  execution_id: string;
  task_id: string;
  task_title: string;
  task_type: string;
  success: boolean | null;
  duration_seconds: number;
  commands: string[];
  errors: string[];
  warnings: string[];
  file_operations: string[];
  api_calls: string[];
  fixes: Observed["fixes"];
  /** What the judgement rests on, e.g. `npm test: exit 0`. */
  evidence: string[];
  cost_usd: number | null;
  attempts: number;
  timestamp: string;
};

export type NewPattern = {
  executionId: string;
  taskId: string;
  attempt: number;
  /** Name of the project: the workspace's own folder. */
  project: string;
  taskType: string;
  outcome: PatternOutcome;
  finishedAt: Date;
  payload: PatternPayload;
  /** What is searched by meaning. */
  content: string;
  /** What is searched by words. */
  words: TermCounts;
};

export type StoredPattern = {
  number: number;
  id: string;
  project: string;
  outcome: PatternOutcome;
  finishedAt: Date;
  payload: PatternPayload;
};

/** The text of a pattern: its title counts twice, because people ask in the words of titles. */
export function contentOf(title: string, description: string, observed: Observed): string {
  const files = observed.fileOperations.map((operation) => operation.replace(/^\w+ /, ""));
  const parts = [
    title,
    title,
    description.slice(0, 1500),
    ...observed.commands.slice(0, 8),
    ...files.slice(0, 12),
    ...observed.errors.slice(0, 4),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

export const wordsOf = termsOf;
