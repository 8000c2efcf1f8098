/** The step that has a person start what a plan calls SEMI_AUTO and what leaves nothing to be done afterwards: a deployment, a call, a push. */
import { isStartedByPerson } from "../plan/last-click.ts";
import type { AttemptStep } from "./attempt-step.ts";

const name = "last-click";

export const lastClick: AttemptStep = (assignment, context, next) => {
  const { task, released, adopted } = assignment;
  if (adopted || !isStartedByPerson(task) || released.some((hold) => hold.name === name)) return next(assignment, context);
  return Promise.resolve({
    status: "held",
    message: task.requiresHuman ?? "The plan leaves the last click to a person.",
    hold: { name, waitFor: "approval", onDone: "continue", detail: { kind: task.kind, params: task.params } },
  });
};
