/** Looking at what was handed off: status, list, logs. */
import type { Client } from "../../client/client.ts";
import type { Event } from "../../orchestrator/api/contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { CommandFailure } from "../failure.ts";
import { logText } from "../log-text.ts";
import { mark } from "../marks.ts";
import { resolveExecution, type Session } from "../session.ts";
import { summaryOf } from "../summary.ts";
import { answer, answerWidth, commandLine, duration, notice } from "../terminal.ts";
import { columns, fit } from "../text-width.ts";
import { watch } from "./run.ts";

export async function status(
  session: Session,
  id: string | undefined,
  flags: { watch?: boolean; json?: boolean },
): Promise<number> {
  const client = await session.client();
  const executionId = await resolveExecution(client, id ?? "latest");
  if (flags.watch === true) return watch(session, client, executionId, { json: flags.json === true, fromStart: false });
  const execution = await client.execution(executionId);
  answer(flags.json === true, execution, () => [
    ...summaryOf(execution),
    ...(execution.eta === null ? [] : [`Expected   ${new Date(execution.eta).toLocaleTimeString()}`]),
    ...execution.blockers.map((blocker) => `${mark("blocked")} ${fit(blocker.title, 60)}: ${blocker.reason}`),
  ]);
  return execution.status === "failed" || execution.status === "cancelled" ? exitCodes.failed : exitCodes.ok;
}

export async function list(session: Session, flags: { status?: string; limit?: number; json?: boolean }): Promise<number> {
  const client = await session.client();
  const page = await client.list({
    ...(flags.status === undefined ? {} : { status: flags.status as "running" }),
    limit: flags.limit ?? 20,
  });
  answer(flags.json === true, page, () =>
    page.executions.length === 0
      ? [`Nothing was handed off yet. Start with: ${commandLine("run FILE")}`]
      : columns(
          page.executions.map((one) => [
            `${mark(one.status)} ${one.executionId.slice(-8)}`,
            one.status,
            `${one.progress.current}/${one.progress.total}`,
            ago(one.createdAt),
            fit(one.title, 70),
          ]),
          answerWidth(),
        ),
  );
  return exitCodes.ok;
}

export async function logs(
  session: Session,
  id: string,
  taskId: string | undefined,
  flags: { follow?: boolean; json?: boolean },
): Promise<number> {
  const client = await session.client();
  const executionId = await resolveExecution(client, id);
  const execution = await client.execution(executionId);
  if (taskId !== undefined && !execution.tasks.some((task) => task.id === taskId)) {
    throw new CommandFailure(
      `No task '${taskId}' in ${execution.title}.`,
      exitCodes.notFound,
      `Its tasks: ${execution.tasks
        .map((task) => task.id)
        .slice(0, 20)
        .join(", ")}`,
    );
  }
  for await (const event of flags.follow === true ? following(client, executionId) : recorded(client, executionId, taskId)) {
    if (taskId !== undefined && event.taskId !== taskId) continue;
    if (flags.json === true) process.stdout.write(`${JSON.stringify(event)}\n`);
    else process.stdout.write(logText(event, { named: taskId === undefined, raw: process.stdout.isTTY !== true }));
  }
  const truncated = execution.tasks.find((task) => task.id === taskId)?.logFile;
  if (truncated && flags.json !== true) notice(`Whole output: ${truncated}`);
  return exitCodes.ok;
}

async function* recorded(client: Client, executionId: string, taskId: string | undefined): AsyncGenerator<Event> {
  for (let after = 0; ; ) {
    const page = await client.events(executionId, { after, limit: 1000, ...(taskId === undefined ? {} : { taskId }) });
    yield* page.events;
    const last = page.events.at(-1);
    if (last === undefined || page.events.length < 1000) return;
    after = last.seq;
  }
}

async function* following(client: Client, executionId: string): AsyncGenerator<Event> {
  yield* client.stream(executionId);
}

function ago(time: string): string {
  return `${duration((Date.now() - Date.parse(time)) / 1000)} ago`;
}
