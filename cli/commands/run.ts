/** Handing off: `run` stays and watches, `handoff` leaves, `demo` does it with the example that comes along. */
import { cp, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Client } from "../../client/client.ts";
import { handoffEach } from "../../client/handoff-each.ts";
import { valueOfExecution } from "../../client/value.ts";
import type { HandoffInput, HandoffResponse } from "../../orchestrator/api/contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { forecastLines } from "../forecast-text.ts";
import { watchExecution } from "../live-view.ts";
import { type Parameters, readEntries } from "../plan-parameters.ts";
import { planPath } from "../plan-path.ts";
import type { Session } from "../session.ts";
import { summaryOf } from "../summary.ts";
import { answer, commandLine, notice } from "../terminal.ts";
import { valueLine } from "../value-text.ts";

export type HandoffFlags = {
  json?: boolean;
  workspace?: string;
  priority?: "low" | "normal" | "high";
  concurrency?: number;
  key?: string;
  format?: string;
  title?: string;
  confirmExternal?: boolean;
  worktrees?: "auto" | "shared" | "worktree";
  bootstrap?: string;
  landingCheck?: string;
  branch?: string;
  approval?: "auto" | "checkpoints" | "final";
  set?: Parameters;
  forEach?: string;
  budgetUsd?: number;
  budgetTokens?: number;
  budgetMinutes?: number;
  valueUsd?: number;
};

/** `file` may be a folder, or `-` for standard input. */
export async function requestOf(file: string, flags: HandoffFlags): Promise<HandoffInput> {
  const worktrees = {
    ...(flags.worktrees === undefined ? {} : { mode: flags.worktrees }),
    ...(flags.bootstrap === undefined ? {} : { bootstrap: flags.bootstrap }),
    ...(flags.landingCheck === undefined ? {} : { verify: flags.landingCheck }),
    ...(flags.branch === undefined ? {} : { branch: flags.branch }),
  };
  const budget = {
    ...(flags.budgetUsd === undefined ? {} : { usd: flags.budgetUsd }),
    ...(flags.budgetTokens === undefined ? {} : { tokens: flags.budgetTokens }),
    ...(flags.budgetMinutes === undefined ? {} : { wallSeconds: flags.budgetMinutes * 60 }),
  };
  const options: HandoffInput["options"] = {
    ...(flags.workspace === undefined ? {} : { workspace: resolve(flags.workspace) }),
    ...(flags.priority === undefined ? {} : { priority: flags.priority }),
    ...(flags.concurrency === undefined ? {} : { concurrency: flags.concurrency }),
    ...(flags.key === undefined ? {} : { idempotencyKey: flags.key }),
    ...(flags.format === undefined ? {} : { format: flags.format }),
    ...(flags.approval === undefined ? {} : { approvalMode: flags.approval }),
    ...(flags.set === undefined ? {} : { parameters: flags.set }),
    ...(flags.confirmExternal === true ? { confirmExternal: true } : {}),
    ...(flags.valueUsd === undefined ? {} : { valueUsd: flags.valueUsd }),
    ...(Object.keys(budget).length === 0 ? {} : { budget }),
    ...(Object.keys(worktrees).length === 0 ? {} : { worktrees }),
  };
  const title = flags.title === undefined ? {} : { title: flags.title };
  if (file !== "-") return { path: await planPath(file), options, ...title };
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return { text: Buffer.concat(chunks).toString("utf8"), options: { workspace: process.cwd(), ...options }, ...title };
}

export async function handoff(session: Session, file: string, flags: HandoffFlags): Promise<number> {
  const client = await session.ensuredClient();
  if (flags.forEach !== undefined) return forEachEntry(client, file, flags.forEach, flags);
  const handed = await client.handoff(await requestOf(file, flags));
  answer(flags.json === true, handed, () => describe(handed));
  return exitCodes.ok;
}

/** One execution for each entry of a file, or with `-` for each that the template itself lists. */
async function forEachEntry(client: Client, file: string, entries: string, flags: HandoffFlags): Promise<number> {
  const forEach = entries === "-" ? {} : { forEach: await readEntries(entries) };
  const { executions } = await handoffEach(client, { ...(await requestOf(file, flags)), ...forEach });
  answer(flags.json === true, { executions }, () => [
    `Handed off ${executions.length} plans:`,
    ...executions.map(({ executionId, title }) => `  ${executionId.slice(-8)}  ${title}`),
    `  follow  ${commandLine("list")}`,
  ]);
  return exitCodes.ok;
}

export async function run(session: Session, file: string, flags: HandoffFlags): Promise<number> {
  const client = await session.ensuredClient();
  const handed = await client.handoff(await requestOf(file, flags));
  for (const line of describe(handed)) notice(line);
  return watch(session, client, handed.executionId, { json: flags.json === true, fromStart: handed.created });
}

/** A terminal, npm and a wrapper may each pass on the same Ctrl-C; only one that comes later means "at once". */
const sameInterruptMs = 500;

/** Watches to the end, sums up, and says what is left running; Ctrl-C leaves the execution running. */
export async function watch(
  session: Session,
  client: Client,
  executionId: string,
  options: { json: boolean; fromStart: boolean },
): Promise<number> {
  const controller = new AbortController();
  let interruptedMs = 0;
  const interrupt = () => {
    if (controller.signal.aborted && Date.now() - interruptedMs > sameInterruptMs) process.exit(exitCodes.detached);
    if (!controller.signal.aborted) interruptedMs = Date.now();
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  const result = await watchExecution(client, executionId, {
    signal: controller.signal,
    fromStart: options.fromStart,
    ...(session.config.environment["TERM"] === "dumb" ? { interactive: false } : {}),
  });
  if (result === "detached") {
    const short = executionId.slice(-8);
    notice(
      `The plan goes on without this terminal.\n  come back  ${commandLine(`status ${short} --watch`)}\n  stop it    ${commandLine(`cancel ${short}`)}`,
    );
    return exitCodes.detached;
  }
  const [execution, value] = await Promise.all([client.execution(executionId), valueOfExecution(client, executionId)]);
  answer(options.json, execution, () => [...summaryOf(execution), ...valueLine(value)]);
  if (!options.json) notice(`\nThe orchestrator goes on in the background; stop it with: ${commandLine("down")}`);
  return execution.status === "completed" ? exitCodes.ok : exitCodes.failed;
}

export async function demo(session: Session, flags: { json?: boolean }): Promise<number> {
  const example = fileURLToPath(new URL("../../examples/wordcount/", import.meta.url));
  const workspace = join(session.config.home, "demo", new Date().toISOString().replaceAll(/[:.]/g, "-"));
  await mkdir(workspace, { recursive: true });
  await cp(example, workspace, { recursive: true });
  notice(`Handing off the example plan, ${join(workspace, "ROADMAP.md")}`);
  const code = await run(session, join(workspace, "ROADMAP.md"), { workspace, ...flags });
  if (code === exitCodes.ok && flags.json !== true) for (const line of next) notice(line);
  return code;
}

const next = [
  "",
  'Next: connect Claude Code, then say "hand this plan off" in any session.',
  '  claude mcp add --scope user longhaul -- node "$PWD/bin/longhaul.mjs" mcp',
];

function describe(handed: HandoffResponse): string[] {
  const { title, tasks, warnings, executionId, created, forecast } = handed;
  const [expected] = forecastLines(forecast);
  return [
    `${created ? "Handed off" : "Was handed off before"}: ${title} (${tasks} ${tasks === 1 ? "task" : "tasks"})`,
    `  takes   ${expected}`,
    ...warnings.map((warning) => `  note    ${warning}`),
    `  id      ${executionId}`,
    `  follow  ${commandLine(`status ${executionId.slice(-8)} --watch`)}`,
  ];
}
