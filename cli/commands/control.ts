/** Commands of people on an execution, and the queue of what only people can do. */
import type { Client } from "../../client/client.ts";
import type { Action } from "../../orchestrator/api/action-contract.ts";
import type { ControlRequest } from "../../orchestrator/api/contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { CommandFailure } from "../failure.ts";
import { mark } from "../marks.ts";
import { resolveExecution, type Session } from "../session.ts";
import { answer, commandLine } from "../terminal.ts";
import { fit } from "../text-width.ts";

const mostFiles = 5;
const mostDiffLines = 40;

export async function control(
  session: Session,
  action: ControlRequest["action"],
  id: string,
  taskId: string | undefined,
  flags: { json?: boolean; reason?: string; from?: string },
): Promise<number> {
  const client = await session.client();
  const executionId = await resolveExecution(client, id);
  const result = await client.control(executionId, {
    action,
    ...(flags.reason === undefined ? {} : { reason: flags.reason }),
    ...(taskId === undefined ? {} : { taskId }),
    ...(flags.from === undefined ? {} : { fromTask: flags.from }),
  });
  answer(flags.json === true, result, () => {
    const tasks = result.affectedTasks.length === 0 ? "" : ` (${result.affectedTasks.join(", ")})`;
    return [`${mark(result.status)} ${action}: the execution is ${result.status}${result.changed ? "" : " already"}${tasks}`];
  });
  return exitCodes.ok;
}

export async function inbox(session: Session, flags: { json?: boolean }): Promise<number> {
  const client = await session.client();
  const actions = await client.pendingActions();
  answer(flags.json === true, { actions }, () => (actions.length === 0 ? ["Nothing waits for you."] : actions.flatMap(linesOf)));
  return exitCodes.ok;
}

function linesOf(action: Action): string[] {
  const { minutes, unblocks } = action;
  const then = action.waitsFor === "approval" ? "approve" : `done ${shortActionId(action.id)}`;
  const takes =
    minutes === null
      ? "unknown"
      : minutes.least === minutes.most
        ? `${minutes.least} min`
        : `${minutes.least} to ${minutes.most} min`;
  const held = unblocks === 0 ? "" : `; ${unblocks} ${unblocks === 1 ? "task waits" : "tasks wait"} for it`;
  const diff = action.diff?.split("\n") ?? [];
  return [
    `${mark("awaiting_human")} ${action.title}  (${fit(action.executionTitle, 60)})`,
    `    what   ${fit(action.what, 300)}`,
    `    why    ${fit(action.why, 300)}`,
    `    how    ${fit(action.how, 600)}`,
    `    when   ${action.urgency} urgency: ${action.urgencyReason}${held}`,
    `    takes  ${takes}`,
    ...action.material.slice(0, mostFiles).map((file) => `    file   ${file.location}`),
    ...(action.material.length > mostFiles ? [`    …      and ${action.material.length - mostFiles} more (--json)`] : []),
    ...diff.slice(0, mostDiffLines).map((line) => `    │ ${fit(line, 160)}`),
    ...(diff.length > mostDiffLines ? [`    │ … and ${diff.length - mostDiffLines} more lines (--json)`] : []),
    `    then   ${commandLine(then)}`,
  ];
}

/** The end of the execution's id and the task's number: 01a1fb96-…-be75398ce42c0bda.5 → e42c0bda.5 */
const shortActionId = (id: string) => id.slice(Math.max(0, id.indexOf(".") - 8));

/** What does not fit exactly one waiting action goes to the orchestrator as it is, whose answer says what is wrong. */
async function resolveAction(client: Client, text: string): Promise<string> {
  const actions = await client.pendingActions();
  const found = actions.filter(({ id }) => id === text || id.startsWith(text) || id.endsWith(text));
  return found.length === 1 ? (found[0] as Action).id : text;
}

export async function done(
  session: Session,
  id: string,
  flags: { json?: boolean; outcome?: string; note?: string; minutes?: number },
): Promise<number> {
  const outcome = flags.outcome ?? "done";
  if (outcome !== "done" && outcome !== "failed" && outcome !== "skipped") {
    throw new CommandFailure(`--outcome ${outcome}: it is one of done, failed, skipped.`, exitCodes.usage);
  }
  const client = await session.client();
  const result = await client.completeAction(await resolveAction(client, id), {
    outcome,
    ...(flags.note === undefined ? {} : { note: flags.note }),
    ...(flags.minutes === undefined ? {} : { minutes: flags.minutes }),
  });
  answer(flags.json === true, result, () => [`${mark("completed")} noted; the execution is ${result.status}`]);
  return exitCodes.ok;
}
