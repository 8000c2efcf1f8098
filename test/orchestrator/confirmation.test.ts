import { describe, expect, it, vi } from "vitest";
import { confirmation } from "../../orchestrator/confirmation.ts";
import type { Assignment, AttemptContext, Outcome } from "../../orchestrator/executors/executor.ts";
import { Task } from "../../plan/model.ts";

const assignmentOf = (fields: object, released: Assignment["released"] = []) =>
  ({ task: Task.parse({ id: "a", displayId: "a", title: "A", ...fields }), released }) as unknown as Assignment;
const done: Outcome = { status: "succeeded", message: "done" };

describe("a task that acts outside the workspace", () => {
  it("asks a person when its reading is a guess, and runs once that was confirmed", async () => {
    const next = vi.fn(() => Promise.resolve(done));
    const guess = { kind: "email", confidence: 0.7, classifiedBy: "email-words" };
    expect(await confirmation(assignmentOf(guess), {} as AttemptContext, next)).toMatchObject({
      status: "held",
      message: expect.stringContaining("kind email (confidence 0.70, by email-words)"),
      hold: { waitFor: "human", onDone: "continue" },
    });
    expect(next).not.toHaveBeenCalled();
    const confirmed = [{ name: "confirm-reading", note: null, at: "" }];
    expect(await confirmation(assignmentOf(guess, confirmed), {} as AttemptContext, next)).toBe(done);
  });

  it.each([
    { kind: "email", confidence: 0.8 },
    { kind: "claude", confidence: 0.1 },
  ])("runs without asking: %j", async (fields) => {
    expect(await confirmation(assignmentOf(fields), {} as AttemptContext, () => Promise.resolve(done))).toBe(done);
  });
});
