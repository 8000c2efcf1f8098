/** Changing the plan of an execution that is under way, and ticking the boxes of its file. */
import { editPlan, writeBack as writeProgress } from "../../client/plan-edits.ts";
import type { PlanEditAnswer, WriteBackAnswer } from "../../orchestrator/api/plan-edit-contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { planPath } from "../plan-path.ts";
import { resolveExecution, type Session } from "../session.ts";
import { answer } from "../terminal.ts";
import { fit } from "../text-width.ts";

export async function edit(
  session: Session,
  id: string,
  file: string | undefined,
  flags: { json?: boolean; dryRun?: boolean; format?: string },
): Promise<number> {
  const client = await session.client();
  const result = await editPlan(client, await resolveExecution(client, id), {
    ...(file === undefined ? {} : { path: await planPath(file) }),
    ...(flags.format === undefined ? {} : { format: flags.format }),
    dryRun: flags.dryRun === true,
  });
  answer(flags.json === true, result, () => editLines(result));
  return exitCodes.ok;
}

function editLines(result: PlanEditAnswer): string[] {
  const { added, removed, changed, renamed, kept, undecided } = result;
  const lines = [
    ...added.map(({ id, title }) => `+ ${id}  ${fit(title, 100)}`),
    ...removed.map(({ id, title }) => `- ${id}  ${fit(title, 100)}`),
    ...renamed.map(({ before, after }) => `~ ${before} is now ${after}`),
    ...changed.map(({ id, title, fields }) => `~ ${id}  ${fit(title, 80)}  (${fields.join(", ")})`),
    ...kept.map((id) => `= ${id} has ended and is kept as it is`),
    ...undecided.map((id) => `! ${id} is under way and goes on as it began; retry it with --from to run it as it is now`),
  ];
  if (lines.length === 0) return ["The plan says the same: nothing changes."];
  return [...lines, "", result.applied ? `The execution follows the changed plan.` : "Nothing was changed (dry run)."];
}

export async function writeBack(session: Session, id: string, flags: { json?: boolean; dryRun?: boolean }): Promise<number> {
  const client = await session.client();
  const result = await writeProgress(client, await resolveExecution(client, id), { dryRun: flags.dryRun === true });
  answer(flags.json === true, result, () => writeBackLines(result));
  return exitCodes.ok;
}

function writeBackLines({ files, skipped, written }: WriteBackAnswer): string[] {
  const ticked = files.filter((file) => file.ticked.length > 0);
  return [
    ...ticked.map(
      ({ file, ticked: ids }) => `${written ? "ticked" : "would tick"} ${ids.length} in ${file}: ${fit(ids.join(", "), 200)}`,
    ),
    ...(ticked.length === 0 ? ["There is no box to tick."] : []),
    ...skipped.map(({ id, why }) => `left alone: ${id}. ${why}`),
  ];
}
