/**
 * Lets a Claude task ask a person: where its `params.asks` names a file, what the session writes there are its questions. The task then waits
 * in the inbox with them; the answer (the note of `longhaul done`) goes to the same session, which goes on. It is asked once.
 */
import { lstat, readFile, rm } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";
import type { AttemptStep } from "./attempt-step.ts";
import type { Assignment } from "./executors/executor.ts";

const name = "questions";
const longestBytes = 20_000;

export const questions: AttemptStep = async (assignment, context, next) => {
  const file = questionFile(assignment);
  if (file === undefined) return next(assignment, context);
  const answered = assignment.released.find((released) => released.name === name);
  const outcome = await next(answered === undefined ? asking(assignment) : answering(assignment, answered.note), context);
  if (answered !== undefined || outcome.status !== "succeeded") return outcome;
  const asked = await readQuestions(file);
  if (asked === undefined) return outcome;
  await rm(file, { force: true });
  return {
    ...outcome,
    status: "held",
    message: "has questions before it goes on",
    hold: {
      name,
      waitFor: "human",
      onDone: "continue",
      detail: { what: asked, how: "Answer with: longhaul done ID --note 'your answers'. Without a note it decides itself." },
    },
  };
};

/** Undefined where the task may not ask, or names a file outside of its workspace. */
function questionFile({ task, workspace }: Assignment): string | undefined {
  const { asks } = task.params;
  if (task.kind !== "claude" || typeof asks !== "string" || asks.trim() === "") return undefined;
  const path = normalize(asks);
  return isAbsolute(path) || path.startsWith("..") ? undefined : join(workspace, path);
}

/** A link could lead out of the workspace, to what the questions must not show. */
async function readQuestions(file: string): Promise<string | undefined> {
  const found = await lstat(file).catch(() => undefined);
  if (found === undefined || !found.isFile() || found.size === 0) return undefined;
  const text = (await readFile(file)).subarray(0, longestBytes).toString("utf8").trim();
  return text === "" ? undefined : text;
}

function asking(assignment: Assignment): Assignment {
  const rule = `When something that decides what is to be made is open and cannot be found out, do not guess: write the questions, numbered, to ${String(assignment.task.params["asks"])} and end. A person answers, and you go on. Ask nothing else.`;
  return said(assignment, rule);
}

function answering(assignment: Assignment, note: string | null): Assignment {
  const answer =
    note === null || note.trim() === ""
      ? "The person gave no answer: decide yourself, and say what you decided."
      : `The person answers your questions: ${note}`;
  return said(assignment, answer);
}

const said = (assignment: Assignment, text: string): Assignment => ({
  ...assignment,
  task: { ...assignment.task, description: `${assignment.task.description}\n\n${text}`.trim() },
});
