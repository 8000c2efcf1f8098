/** Checkpoints of an execution, and going back to one: the difference first, then the question. */
import { createInterface } from "node:readline/promises";
import { checkpointsOf, rollBack } from "../../client/workspace.ts";
import type { RollbackAnswer, RollbackInput } from "../../orchestrator/api/workspace-contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { CommandFailure } from "../failure.ts";
import { resolveExecution, type Session } from "../session.ts";
import { answer, commandLine, notice, paint } from "../terminal.ts";

export async function checkpoints(session: Session, id: string, flags: { json?: boolean }): Promise<number> {
  const client = await session.client();
  const found = await checkpointsOf(client, await resolveExecution(client, id));
  answer(flags.json === true, found, () => [
    ...found.checkpoints.map(
      (one) =>
        `${one.at}  ${one.moment.padEnd(6)} ${one.taskId}${one.attempt > 1 ? ` (attempt ${one.attempt})` : ""}  ${one.tree?.slice(0, 12) ?? "no files"}${one.problem === null ? "" : `  ${one.problem}`}`,
    ),
    ...found.rollbacks.map((one) => `${one.at}  rollback ${one.number} to ${one.target}: ${one.status}`),
    ...(found.checkpoints.length === 0 ? ["No checkpoints yet."] : []),
  ]);
  return exitCodes.ok;
}

export async function rollback(
  session: Session,
  id: string,
  task: string | undefined,
  flags: { json?: boolean; dryRun?: boolean; yes?: boolean; undo?: boolean; before?: boolean; attempt?: number },
): Promise<number> {
  const client = await session.client();
  const executionId = await resolveExecution(client, id);
  const request: RollbackInput = {
    ...(task === undefined ? {} : { to: task }),
    undo: flags.undo === true,
    moment: flags.before === true ? "before" : "after",
    ...(flags.attempt === undefined ? {} : { attempt: flags.attempt }),
  };
  const preview = await rollBack(client, executionId, { ...request, dryRun: true });
  if (flags.dryRun === true) {
    answer(flags.json === true, preview, () => differenceText(preview));
    return exitCodes.ok;
  }
  if (flags.yes !== true) {
    for (const line of differenceText(preview)) notice(line);
    if (!(await agreed())) {
      throw new CommandFailure("Nothing was changed.", exitCodes.refused, "Add --yes to go back without being asked.");
    }
  }
  const done = await rollBack(client, executionId, request);
  answer(flags.json === true, done, () => [
    `Went back: ${done.fileCount} file(s), ${done.tasks.length} task(s); the execution is ${done.status}.`,
    `  go on      ${commandLine(`resume ${executionId.slice(-8)}`)}`,
    `  take back  ${commandLine(`rollback ${executionId.slice(-8)} --undo`)}`,
  ]);
  return exitCodes.ok;
}

function differenceText({ workspace, files, fileCount, tasks, eventsSince }: RollbackAnswer): string[] {
  const signs = { added: paint("green", "+"), deleted: paint("red", "-"), modified: paint("yellow", "~") };
  const lines = (count: number | null, sign: string) => (count === null ? "binary" : `${sign}${count}`);
  return [
    `Files in ${workspace}: ${fileCount === 0 ? "no difference" : `${fileCount} would change`}`,
    ...files
      .slice(0, 50)
      .map((file) => `  ${signs[file.change]} ${file.path}  ${lines(file.insertions, "+")} ${lines(file.deletions, "-")}`),
    ...(fileCount > 50 ? [`  … and ${fileCount - 50} more (--json lists them)`] : []),
    `Tasks: ${tasks.length === 0 ? "no difference" : `${tasks.length} would change`}`,
    ...tasks.map((task) => `  ${task.id}  ${task.status} → ${task.becomes}`),
    `Events since then: ${eventsSince}; they stay in the log.`,
  ];
}

async function agreed(): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question("Go back? [y/N] ")).trim());
  } finally {
    terminal.close();
  }
}
