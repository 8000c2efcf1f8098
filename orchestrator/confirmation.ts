/** The step that asks a person before a task acts outside its workspace on a mere guess of what it is (SPEC §2.3). */
import { needsConfirmation } from "../plan/classify.ts";
import type { AttemptStep } from "./attempt-step.ts";

const name = "confirm-reading";

export const confirmation: AttemptStep = (assignment, context, next) => {
  const { task, released } = assignment;
  if (!needsConfirmation(task) || released.some((hold) => hold.name === name)) return next(assignment, context);
  const sure = `confidence ${task.confidence.toFixed(2)}, by ${task.classifiedBy ?? "rule"}`;
  return Promise.resolve({
    status: "held",
    message: `It was read as a task of kind ${task.kind} (${sure}) and acts outside the workspace: confirm that, or change the plan (longhaul edit).`,
    hold: { name, waitFor: "human", onDone: "continue", detail: { kind: task.kind, confidence: task.confidence } },
  });
};
