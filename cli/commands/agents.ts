/** Remote agents: who they are, what they do, and taking work from them. */
import {
  agent,
  agents,
  createJoinToken,
  reassignTask,
  refusedToAgents,
  registerAgent,
  revokeAgent,
} from "../../client/agents.ts";
import type { Client } from "../../client/client.ts";
import type { Agent } from "../../orchestrator/api/agent-contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { CommandFailure } from "../failure.ts";
import { mark } from "../marks.ts";
import { resolveExecution, type Session } from "../session.ts";
import { answer, commandLine, duration } from "../terminal.ts";
import { fit } from "../text-width.ts";

type Flags = { json?: boolean };
const marks = { active: "completed", blocked: "blocked", revoked: "cancelled" } as const;

export async function agentsList(session: Session, flags: Flags): Promise<number> {
  const found = await agents(await session.client());
  answer(flags.json === true, found, () =>
    found.agents.length === 0
      ? [`No agent is registered; ${commandLine("agents register NAME")} does that.`]
      : found.agents.map(lineOf),
  );
  return exitCodes.ok;
}

export async function agentsShow(session: Session, id: string, flags: Flags): Promise<number> {
  const client = await session.client();
  const found = await agent(client, await resolveAgent(client, id));
  answer(flags.json === true, found, () => [
    lineOf(found),
    `  id ${found.id}`,
    ...found.work.map(
      ({ executionId, taskId, attempt, title }) =>
        `  ${mark("running")} ${fit(`${taskId}  ${title}`, 80)}  attempt ${attempt} of ${executionId}`,
    ),
  ]);
  return exitCodes.ok;
}

export async function agentsRegister(session: Session, name: string, flags: Flags & { capability?: string[] }): Promise<number> {
  const registered = await registerAgent(await session.client(), { name, capabilities: flags.capability ?? [] });
  answer(flags.json === true, registered, () => [
    `${mark("completed")} ${registered.name}`,
    `  id     ${registered.id}`,
    `  token  ${registered.token}`,
    "The token is not shown again.",
  ]);
  return exitCodes.ok;
}

export async function agentsJoin(
  session: Session,
  flags: Flags & { capability?: string[]; uses?: number; hours?: number },
): Promise<number> {
  const { capability, uses, hours } = flags;
  const made = await createJoinToken(await session.client(), {
    ...(capability === undefined ? {} : { capabilities: capability }),
    ...(uses === undefined ? {} : { uses }),
    ...(hours === undefined ? {} : { expiresInSeconds: Math.max(1, Math.round(hours * 3600)) }),
  });
  answer(flags.json === true, made, () => [
    made.token,
    `${made.uses === 1 ? "One agent" : `${made.uses} agents`} may register with it until ${new Date(made.expiresAt).toLocaleString()}. It is not shown again.`,
  ]);
  return exitCodes.ok;
}

export async function agentsRevoke(session: Session, id: string, flags: Flags): Promise<number> {
  const client = await session.client();
  const result = await revokeAgent(client, await resolveAgent(client, id));
  answer(flags.json === true, result, () => [
    `${mark("cancelled")} ${result.changed ? "revoked; its tasks go to others" : "was revoked already"}`,
  ]);
  return exitCodes.ok;
}

export async function agentsReassign(session: Session, id: string, taskId: string, flags: Flags): Promise<number> {
  const client = await session.client();
  const result = await reassignTask(client, { executionId: await resolveExecution(client, id), taskId });
  answer(flags.json === true, result, () => [`${mark("running")} ${taskId} is offered to other agents`]);
  return exitCodes.ok;
}

export async function agentsRefused(
  session: Session,
  id: string | undefined,
  flags: Flags & { limit?: number },
): Promise<number> {
  const client = await session.client();
  const result = await refusedToAgents(client, {
    ...(id === undefined ? {} : { agentId: await resolveAgent(client, id) }),
    ...(flags.limit === undefined ? {} : { limit: flags.limit }),
  });
  answer(flags.json === true, result, () =>
    result.entries.length === 0
      ? ["Nothing was refused to agents."]
      : result.entries.map(
          ({ at, principal, action, status, reason, times }) =>
            `${at}  ${principal}  ${status}  ${fit(action, 100)}${times > 1 ? ` (${times} times)` : ""}: ${reason}`,
        ),
  );
  return exitCodes.ok;
}

function lineOf({ name, status, capabilities, lastSeenAt }: Agent): string {
  const seen = lastSeenAt === null ? "never seen" : `seen ${duration((Date.now() - Date.parse(lastSeenAt)) / 1000)} ago`;
  return `${mark(marks[status])} ${fit(name, 40).padEnd(20)} ${status.padEnd(8)} ${seen.padEnd(16)} ${capabilities.join(", ")}`;
}

/** An agent's id, or its name when only one has it. */
async function resolveAgent(client: Client, text: string): Promise<string> {
  const { agents: all } = await agents(client);
  const exact = all.find(({ id }) => id === text);
  if (exact !== undefined) return exact.id;
  const named = all.filter(({ name, id, status }) => status !== "revoked" && (name === text || id.endsWith(text)));
  if (named.length === 1 && named[0] !== undefined) return named[0].id;
  const what = named.length === 0 ? `No agent is called '${text}'.` : `${named.length} agents are called '${text}'.`;
  throw new CommandFailure(
    what,
    named.length === 0 ? exitCodes.notFound : exitCodes.usage,
    `${commandLine("agents --json")} lists them with their ids.`,
  );
}
