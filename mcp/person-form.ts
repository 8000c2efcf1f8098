/**
 * What only a person can decide or do, as a form of the client, and what was entered there. The model sees neither the form nor a way to
 * fill it in. A form of an approval carries in its key the digest of what it shows, so that its answer is about exactly that.
 */
import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type McpServer,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { approvals, decide } from "../client/approvals.ts";
import type { Client } from "../client/client.ts";
import type { Action, CompleteActionInput } from "../orchestrator/api/action-contract.ts";
import type { Approval } from "../orchestrator/api/approval-contract.ts";
import { approvalLines } from "./approval-text.ts";
import { cutText, oneLine, visibleText } from "./task-text.ts";

const longestPartBytes = 900;
const longestApprovalBytes = 3_000;

export type FormRequest = {
  method: "elicitation/create";
  params: { mode: "form"; message: string; requestedSchema: FormSchema };
};
type FormField = { type: "string"; title: string; description?: string; enum?: string[] };
type FormSchema = { type: "object"; properties: Record<string, FormField>; required: string[] };

/** What waits for people, of one execution or of all. */
export type Waiting = { approvals: Approval[]; actions: Action[] };

const ActionAnswer = z.object({
  action: z.literal("accept"),
  content: z.object({ outcome: z.enum(["done", "failed", "skipped"]), note: z.string().max(10_000).optional() }),
});
const ApprovalAnswer = z.object({
  action: z.literal("accept"),
  content: z.object({ decision: z.enum(["approve", "reject"]), note: z.string().max(2_000).optional() }),
});

/** Whether the client of this request shows forms to a person. */
export function clientShowsForms(server: McpServer, context: ServerContext): boolean {
  // The SDK types the envelope as a record without naming its keys.
  const envelope = context.mcpReq.envelope as { [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities } | undefined;
  const capabilities = envelope === undefined ? server.server.getClientCapabilities() : envelope[CLIENT_CAPABILITIES_META_KEY];
  const elicitation = capabilities?.elicitation;
  // Before there was a second mode, the empty object said forms.
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}

/** An approval is in the queue of actions too: it is listed once, as what it is. */
export async function waitingForPeople(client: Client, executionId: string | undefined, signal: AbortSignal): Promise<Waiting> {
  const [{ approvals: all }, actions] = await Promise.all([
    approvals(client, executionId, { signal }),
    client.pendingActions({ signal }),
  ]);
  const pending = all.filter(({ status }) => status === "pending");
  const approved = new Set(pending.map((approval) => `${approval.executionId} ${approval.taskId}`));
  return {
    approvals: pending,
    actions: actions.filter(
      (action) =>
        (executionId === undefined || action.executionId === executionId) &&
        !approved.has(`${action.executionId} ${action.taskId}`),
    ),
  };
}

/** One form for each; the keys are what `takeAnswers` understands. */
export function formsOf({ approvals: pending, actions }: Waiting): Record<string, FormRequest> {
  return Object.fromEntries([
    ...pending.map((approval) => [approvalKey(approval), approvalForm(approval)] as const),
    ...actions.map((action) => [action.id, actionForm(action)] as const),
  ]);
}

/**
 * Carries out what was entered. Closing or declining a form leaves the question open, for the command line, the dashboard and HTTP: it
 * never means no. An answer to something else than what waits now is not taken.
 * @returns one line for each answer that counted
 */
export async function takeAnswers(
  client: Client,
  waiting: Waiting,
  responses: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<string[]> {
  const said: string[] = [];
  for (const approval of waiting.approvals) {
    const parsed = ApprovalAnswer.safeParse(responses[approvalKey(approval)]);
    if (!parsed.success) continue;
    const { decision, note } = parsed.data.content;
    const body = { decision, digest: approval.digest, channel: "session" as const, ...(note === undefined ? {} : { note }) };
    said.push(
      await counted(approval.title, async () => {
        const { status } = await decide(client, approval.id, body, { signal });
        return `the user ${status} it${note === undefined ? "" : ` and said: ${oneLine(note, 300)}`}`;
      }),
    );
  }
  for (const action of waiting.actions) {
    const answer = actionAnswer(responses[action.id]);
    if (answer === undefined) continue;
    said.push(
      await counted(action.title, async () => {
        await client.completeAction(action.id, answer, { signal });
        return `the user says it is ${answer.outcome}`;
      }),
    );
  }
  return said;
}

/** What changed or was answered elsewhere between two reads is refused; that must not lose the other answers. */
async function counted(title: string, take: () => Promise<string>): Promise<string> {
  try {
    return `${oneLine(title)}: ${await take()}`;
  } catch (error) {
    if (!(error instanceof Error && "status" in error && error.status === 409)) throw error;
    return `${oneLine(title)}: nothing was decided, ${oneLine(error.message, 300)}`;
  }
}

function approvalKey({ id, digest }: Approval): string {
  return `approval ${id} ${digest}`;
}

function approvalForm(approval: Approval): FormRequest {
  const message = [
    `Approve "${oneLine(approval.title)}" of ${oneLine(approval.executionTitle)}?`,
    ...approvalLines(approval),
    "All of it: longhaul approvals. It stays open when you close this.",
  ];
  return form(cutText(message.map(visibleText).join("\n"), longestApprovalBytes), {
    type: "object",
    properties: {
      decision: { type: "string", title: "Decision", enum: ["approve", "reject"] },
      note: { type: "string", title: "Note", description: "Kept in the record" },
    },
    required: ["decision"],
  });
}

function actionForm({ executionTitle, title, what, why, how }: Action): FormRequest {
  const parts = [
    `${oneLine(executionTitle)}: ${oneLine(title)}`,
    ...[what, why, how].filter((part) => part.trim() !== "").map((part) => cutText(visibleText(part), longestPartBytes)),
  ];
  return form(parts.join("\n"), {
    type: "object",
    properties: {
      outcome: { type: "string", title: "Outcome", enum: ["done", "failed", "skipped"] },
      note: { type: "string", title: "Note", description: "Kept with the task" },
    },
    required: ["outcome"],
  });
}

/** Asks whether a plan, or a task, may spend so much. */
export function budgetForm(title: string, allowed: string): FormRequest {
  return form(`${oneLine(title)}: may it spend up to ${allowed}?`, {
    type: "object",
    properties: { decision: { type: "string", title: "Decision", enum: ["allow", "refuse"] } },
    required: ["decision"],
  });
}

/** Undefined where the form was closed. */
export function budgetAnswer(response: unknown): "allow" | "refuse" | undefined {
  const answer = z.object({ action: z.literal("accept"), content: z.object({ decision: z.enum(["allow", "refuse"]) }) });
  return answer.safeParse(response).data?.content.decision;
}

function form(message: string, requestedSchema: FormSchema): FormRequest {
  return { method: "elicitation/create", params: { mode: "form", message, requestedSchema } };
}

function actionAnswer(response: unknown): CompleteActionInput | undefined {
  const parsed = ActionAnswer.safeParse(response);
  if (!parsed.success) return undefined;
  const { outcome, note } = parsed.data.content;
  return { outcome, ...(note === undefined ? {} : { note }) };
}
