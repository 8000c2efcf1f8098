/** Approving and rejecting, and the record of both. */
import { decide, approvals as listApprovals } from "../../client/approvals.ts";
import type { Client } from "../../client/client.ts";
import type { Approval } from "../../orchestrator/api/approval-contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { CommandFailure } from "../failure.ts";
import { mark } from "../marks.ts";
import { resolveExecution, type Session } from "../session.ts";
import { answer, commandLine } from "../terminal.ts";
import { fit } from "../text-width.ts";

export async function approvals(session: Session, id: string | undefined, flags: { json?: boolean }): Promise<number> {
  const client = await session.client();
  const found = await listApprovals(client, id === undefined ? undefined : await resolveExecution(client, id));
  answer(flags.json === true, found, () =>
    found.approvals.length === 0
      ? ["Nothing waits for an approval."]
      : found.approvals.flatMap((approval) => [...linesOf(approval), ""]),
  );
  return exitCodes.ok;
}

export async function decideApproval(
  session: Session,
  decision: "approve" | "reject",
  id: string | undefined,
  flags: { json?: boolean; note?: string },
): Promise<number> {
  const client = await session.client();
  const approval = await resolveApproval(client, id);
  const result = await decide(client, approval.id, {
    decision,
    digest: approval.digest,
    channel: "cli",
    ...(flags.note === undefined ? {} : { note: flags.note }),
  });
  answer(flags.json === true, result, () => [
    `${mark(decision === "approve" ? "completed" : "failed")} ${result.status}${result.changed ? "" : " already"}: ${approval.title}`,
  ]);
  return exitCodes.ok;
}

/** The one that waits, or the one whose id, execution or task is named. */
async function resolveApproval(client: Client, text: string | undefined): Promise<Approval> {
  const { approvals: pending } = await listApprovals(client);
  const found = pending.filter(
    ({ id, executionId, taskId }) =>
      text === undefined || [id, executionId].some((known) => known === text || known.endsWith(text)) || taskId === text,
  );
  if (found.length === 1) return found[0] as Approval;
  const what = text === undefined ? "" : ` that fits '${text}'`;
  if (found.length === 0)
    throw new CommandFailure(`Nothing waits for an approval${what}.`, exitCodes.notFound, commandLine("approvals"));
  const names = found.map(({ id, title }) => `  ${id.slice(-8)}  ${title}`).join("\n");
  throw new CommandFailure(
    `${found.length} approvals wait${what}:\n${names}`,
    exitCodes.usage,
    commandLine(`approve ${found[0]?.id.slice(-8)}`),
  );
}

function linesOf({
  id,
  title,
  executionTitle,
  status,
  subject,
  expiresAt,
  decidedAt,
  decidedBy,
  channel,
  note,
  link,
}: Approval): string[] {
  if (status !== "pending") {
    const how =
      decidedAt === null ? "" : ` ${decidedAt} by ${decidedBy ?? "the orchestrator"}${channel === null ? "" : ` (${channel})`}`;
    return [
      `${mark(status === "approved" ? "completed" : "failed")} ${title}: ${status}${how}${note === null ? "" : `. ${fit(note, 200)}`}`,
    ];
  }
  return [
    `${mark("awaiting_approval")} ${title}  (${fit(executionTitle, 60)})`,
    ...subject.unlocks.map((task) => `    then     ${fit(task.title, 80)}: ${fit(task.does.replace(/\s+/g, " "), 160)}`),
    `    on       commit ${subject.commit ?? "none"}, files ${subject.tree ?? "not known"}`,
    `    until    ${expiresAt}`,
    `    approve  ${commandLine(`approve ${id.slice(-8)}`)}    or    ${commandLine(`reject ${id.slice(-8)}`)}`,
    ...(link === null ? [] : [`    page     ${link}`]),
  ];
}
