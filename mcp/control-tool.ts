/** The tool `control`: everything a person can do to an execution, also where no dialog can be shown. */
import {
  type InputRequiredResult,
  inputRequired,
  isInputRequiredResult,
  type McpServer,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { decide } from "../client/approvals.ts";
import { setBudget } from "../client/budget.ts";
import type { Client } from "../client/client.ts";
import { editPlan } from "../client/plan-edits.ts";
import { rollBack } from "../client/workspace.ts";
import type { Bridge } from "./bridge.ts";
import { ControlOutcome, controlled, decided, edited, raised, refusedRaise, rolledBack } from "./control-outcome.ts";
import { controlActions } from "./execution-words.ts";
import { budgetAnswer, budgetForm, clientShowsForms, formsOf, takeAnswers, waitingForPeople } from "./person-form.ts";
import { planArgument, planOf, plansGiven } from "./plan-argument.ts";
import { oneLine } from "./task-text.ts";
import { success, toolResult } from "./tool-result.ts";

const description = `Change a running or ended execution; only when the user wants it.
pause: start no further tasks (running ones end). resume: go on. cancel: stop for good, running tasks are killed. retry: run failed and cancelled tasks again, or one with taskId; with fromTask that task and everything that hangs on it, also what succeeded. skip: leave out the task taskId, its dependents go on.
rollback: put files and tasks back to where they were when taskId completed; the execution is paused then. With undo the last rollback is taken back. edit: follow a changed plan (path, text or plan; without one the file that was handed off, as it is now). Both only tell what would change: show that to the user, then repeat with dryRun false.
budget: let it, or the task taskId, spend up to usd, tokens and wallSeconds in all. approve, reject: what taskId waits for; where dialogs can be shown the user is asked, and budget too; elsewhere digest is needed as inbox shows it, after the user has said so.`;

const ControlArguments = z
  .object({
    executionId: z.string().min(1).max(200).describe("As returned by handoff or list"),
    action: z.enum([...controlActions, "rollback", "edit", "budget", "approve", "reject"]),
    taskId: z.string().min(1).max(200).optional().describe("The task it is about; skip needs it"),
    fromTask: z.string().min(1).max(200).optional().describe("With retry: run this task and all that hangs on it again"),
    dryRun: z.boolean().default(true).describe("With rollback and edit: only say what would change"),
    undo: z.boolean().default(false).describe("With rollback: take the last one back, without taskId"),
    ...planArgument,
    usd: z.number().positive().optional().describe("With budget: US dollars in all"),
    tokens: z.number().int().positive().optional().describe("With budget: tokens in all"),
    wallSeconds: z.number().positive().optional().describe("With budget: seconds its tasks run, added up"),
    digest: z.string().length(64).optional().describe("With approve and reject where no dialog can be shown"),
    reason: z.string().max(1000).optional().describe("Kept in the event log"),
  })
  .strict()
  .refine(({ action, taskId }) => action !== "skip" || taskId !== undefined, { message: "skip needs taskId" })
  .refine(({ action, ...given }) => plansGiven(given) <= (action === "edit" ? 1 : 0), {
    message: "path, text and plan belong to edit, which takes at most one of them",
  })
  .refine(({ action, usd, tokens, wallSeconds }) => action !== "budget" || (usd ?? tokens ?? wallSeconds) !== undefined, {
    message: "budget needs at least one of usd, tokens and wallSeconds",
  });
type ControlArguments = z.infer<typeof ControlArguments>;

type Asked = { client: Client; bridge: Bridge; context: ServerContext; showsForms: boolean };

export function registerControl(server: McpServer, bridge: Bridge): void {
  server.registerTool(
    "control",
    {
      title: "Control an execution",
      description,
      inputSchema: ControlArguments,
      outputSchema: ControlOutcome,
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    (given, context) =>
      toolResult(async () => {
        const asked = { client: await bridge.client(), bridge, context, showsForms: clientShowsForms(server, context) };
        const outcome = await carryOut(given, asked);
        return isInputRequiredResult(outcome) ? outcome : success(outcome);
      }),
  );
}

async function carryOut(given: ControlArguments, asked: Asked): Promise<ControlOutcome | InputRequiredResult> {
  const { executionId, action, taskId, fromTask, dryRun, undo, reason } = given;
  const { client, bridge, context } = asked;
  const call = { signal: context.mcpReq.signal };
  switch (action) {
    case "rollback": {
      const to = taskId === undefined ? {} : { to: taskId };
      return rolledBack(await rollBack(client, executionId, { ...to, undo, dryRun }, call));
    }
    case "edit": {
      const answer = await editPlan(client, executionId, { ...planOf(given, bridge), dryRun }, call);
      return edited(answer, (await client.status(executionId, call)).status);
    }
    case "budget":
      return raiseBudget(given, asked);
    case "approve":
    case "reject":
      return decideApproval(given, action, asked);
    default: {
      const request = {
        action,
        ...(taskId === undefined ? {} : { taskId }),
        ...(fromTask === undefined ? {} : { fromTask }),
        ...(reason === undefined ? {} : { reason }),
      };
      return controlled(action, taskId, await client.control(executionId, request, call));
    }
  }
}

/** What may be spent is the user's to say, so the model only proposes it where the user can be asked. */
async function raiseBudget(
  { executionId, taskId, usd, tokens, wallSeconds }: ControlArguments,
  { client, context, showsForms }: Asked,
): Promise<ControlOutcome | InputRequiredResult> {
  const { signal, inputResponses } = context.mcpReq;
  const limits = {
    ...(usd === undefined ? {} : { usd }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(wallSeconds === undefined ? {} : { wallSeconds }),
  };
  const { title, status } = await client.status(executionId, { signal });
  const key = `budget ${JSON.stringify([executionId, taskId, limits])}`;
  if (showsForms && inputResponses === undefined) {
    const amounts = Object.entries(limits).map(([metric, amount]) => `${amount} ${metric}`);
    const what = taskId === undefined ? title : `${title}, task ${oneLine(taskId)}`;
    return inputRequired({ inputRequests: { [key]: budgetForm(what, amounts.join(", ")) } });
  }
  const answer = showsForms ? budgetAnswer(inputResponses?.[key]) : "allow";
  if (answer !== "allow") return refusedRaise(executionId, status, answer);
  const report = await setBudget(client, executionId, { ...limits, ...(taskId === undefined ? {} : { taskId }) });
  return raised(report, (await client.status(executionId, { signal })).status);
}

async function decideApproval(
  { executionId, taskId, digest, reason }: ControlArguments,
  action: "approve" | "reject",
  { client, context, showsForms }: Asked,
): Promise<ControlOutcome | InputRequiredResult> {
  const { signal, inputResponses } = context.mcpReq;
  const { approvals } = await waitingForPeople(client, executionId, signal);
  const meant = approvals.filter((approval) => taskId === undefined || approval.taskId === taskId);
  const [approval] = meant;
  if (approval === undefined || meant.length > 1) {
    const waiting = approvals.map((one) => oneLine(one.taskId)).join(", ");
    const what = taskId === undefined ? "without taskId" : `for task ${oneLine(taskId)}`;
    throw new Error(
      approval === undefined
        ? `Nothing waits for an approval ${what} in execution ${executionId}. What to do: inbox lists what waits.`
        : `Several wait for an approval: ${waiting}. What to do: name one with taskId.`,
    );
  }
  const waiting = { approvals: [approval], actions: [] };
  if (showsForms && inputResponses === undefined) return inputRequired({ inputRequests: formsOf(waiting) });
  let said: string[];
  if (showsForms) said = await takeAnswers(client, waiting, inputResponses ?? {}, signal);
  else {
    if (digest === undefined)
      throw new Error(
        `${action} needs digest. What to do: show the user what inbox lists, ask, and give the digest listed there.`,
      );
    const note = reason === undefined ? {} : { note: reason };
    const { status } = await decide(
      client,
      approval.id,
      { decision: action, digest, channel: "session-relayed", ...note },
      { signal },
    );
    said = [`${oneLine(approval.title)} was ${status}`];
  }
  return decided(executionId, (await client.status(executionId, { signal })).status, said);
}
