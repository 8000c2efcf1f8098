/** Handing off: `run` stays and watches, `handoff` leaves, `demo` does it with the example that comes along. */
import { cp, mkdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Client } from "../../client/client.ts";
import type { HandoffInput, HandoffResponse } from "../../orchestrator/api/contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { CommandFailure } from "../failure.ts";
import { watchExecution } from "../live-view.ts";
import type { Session } from "../session.ts";
import { summaryOf } from "../summary.ts";
import { answer, duration, notice } from "../terminal.ts";

export type HandoffFlags = {
  json?: boolean;
  workspace?: string;
  priority?: "low" | "normal" | "high";
  concurrency?: number;
  key?: string;
  format?: string;
  title?: string;
  confirmExternal?: boolean;
};

/** `file` may be a folder, or `-` for standard input. */
async function requestOf(file: string, flags: HandoffFlags): Promise<HandoffInput> {
  const options: HandoffInput["options"] = {
    ...(flags.workspace === undefined ? {} : { workspace: resolve(flags.workspace) }),
    ...(flags.priority === undefined ? {} : { priority: flags.priority }),
    ...(flags.concurrency === undefined ? {} : { concurrency: flags.concurrency }),
    ...(flags.key === undefined ? {} : { idempotencyKey: flags.key }),
    ...(flags.format === undefined ? {} : { format: flags.format }),
    ...(flags.confirmExternal === true ? { confirmExternal: true } : {}),
  };
  const title = flags.title === undefined ? {} : { title: flags.title };
  if (file !== "-") {
    const path = resolve(file);
    if ((await stat(path).catch(() => undefined)) === undefined)
      throw new CommandFailure(`${path}: no such file or folder.`, exitCodes.usage);
    return { path, options, ...title };
  }
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return { text: Buffer.concat(chunks).toString("utf8"), options: { workspace: process.cwd(), ...options }, ...title };
}

export async function handoff(session: Session, file: string, flags: HandoffFlags): Promise<number> {
  const client = await session.ensuredClient();
  const handed = await client.handoff(await requestOf(file, flags));
  answer(flags.json === true, handed, () => describe(handed));
  return exitCodes.ok;
}

export async function run(session: Session, file: string, flags: HandoffFlags): Promise<number> {
  const client = await session.ensuredClient();
  const handed = await client.handoff(await requestOf(file, flags));
  for (const line of describe(handed)) notice(line);
  return watch(client, handed.executionId, flags.json === true);
}

/** Watches to the end and sums up; Ctrl-C leaves the execution running. */
export async function watch(client: Client, executionId: string, json: boolean): Promise<number> {
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  process.once("SIGINT", interrupt);
  const result = await watchExecution(client, executionId, controller.signal);
  process.off("SIGINT", interrupt);
  if (result === "detached") {
    const short = executionId.slice(-8);
    notice(`\nLeft it running. Come back with: longhaul status ${short} --watch · stop it with: longhaul cancel ${short}`);
    return exitCodes.detached;
  }
  const execution = await client.execution(executionId);
  answer(json, execution, () => summaryOf(execution));
  return execution.status === "completed" ? exitCodes.ok : exitCodes.failed;
}

export async function demo(session: Session, flags: { json?: boolean }): Promise<number> {
  const example = fileURLToPath(new URL("../../examples/wordcount/", import.meta.url));
  const workspace = join(session.config.home, "demo", new Date().toISOString().replaceAll(/[:.]/g, "-"));
  await mkdir(workspace, { recursive: true });
  await cp(example, workspace, { recursive: true });
  const lines = (await readFile(join(workspace, "ROADMAP.md"), "utf8")).split("\n").length;
  notice(`Handing off examples/wordcount/ROADMAP.md (${lines} lines) in ${workspace}`);
  const code = await run(session, join(workspace, "ROADMAP.md"), { workspace, ...flags });
  if (flags.json !== true) for (const line of next) notice(line);
  return code;
}

const next = [
  "",
  "The orchestrator goes on in the background (stop it with: node bin/longhaul.mjs down).",
  'Connect Claude Code, then ask it to "hand this plan off":',
  '  claude mcp add --scope user longhaul -- node "$PWD/bin/longhaul.mjs" mcp',
];

function describe(handed: HandoffResponse): string[] {
  const expected = handed.estimatedDuration === null ? "" : `, about ${duration(handed.estimatedDuration * 60)} by its estimates`;
  return [
    `${handed.created ? "Handed off" : "Was handed off before"}: ${handed.title} (${handed.tasks} tasks${expected})`,
    ...handed.warnings.map((warning) => `  note: ${warning}`),
    `  id ${handed.executionId}`,
    `  longhaul status ${handed.executionId.slice(-8)} --watch`,
  ];
}
