/** What only a person can do, as a form of the client, and what was entered there. */
import { z } from "zod";
import type { Action, CompleteActionInput } from "../orchestrator/api/contract.ts";
import { cutText, oneLine, visibleText } from "./task-text.ts";

const longestPartBytes = 900;

const Answer = z.object({
  action: z.literal("accept"),
  content: z.object({ outcome: z.enum(["done", "failed", "skipped"]), note: z.string().max(10_000).optional() }),
});

/** The form of one action; the keys of the client's answers are the actions' ids. */
export function inputRequest({ executionTitle, title, what, why, how }: Action): Record<string, unknown> {
  const parts = [
    `${oneLine(executionTitle)}: ${oneLine(title)}`,
    ...[what, why, how].filter((part) => part.trim() !== "").map((part) => cutText(visibleText(part), longestPartBytes)),
  ];
  return {
    method: "elicitation/create",
    params: {
      mode: "form",
      message: parts.join("\n"),
      requestedSchema: {
        type: "object",
        properties: {
          outcome: { type: "string", title: "Outcome", enum: ["done", "failed", "skipped"] },
          note: { type: "string", title: "Note", description: "Kept with the task" },
        },
        required: ["outcome"],
      },
    },
  };
}

/** Closing or declining the form leaves the question open, for `control`, the command line and HTTP: it never means no. */
export function answerOf(response: unknown): CompleteActionInput | undefined {
  const parsed = Answer.safeParse(response);
  if (!parsed.success) return undefined;
  const { outcome, note } = parsed.data.content;
  return { outcome, ...(note === undefined ? {} : { note }) };
}
