/** The words of `longhaul agents …` and what they take; what they do is in commands/agents.ts. */
import type { Command } from "commander";
import type { Session } from "./session.ts";

export type AgentCommandOptions = {
  session(): Promise<Session>;
  end(code: number): void;
  /** Reads a whole number from 1. */
  count(text: string): number;
  /** Reads a number above 0. */
  amount(text: string): number;
};

export function addAgentCommands(program: Command, { session, end, count, amount }: AgentCommandOptions): void {
  const run = () => import("./commands/agents.ts");
  const agents = program
    .command("agents")
    .description("remote agents: who there is and when they were last seen")
    .option("--json", "print JSON for scripts")
    .exitOverride()
    .action(async (flags) => end(await (await run()).agentsList(await session(), flags)));
  const command = (usage: string, description: string) =>
    agents.command(usage).description(description).option("--json", "print JSON for scripts").exitOverride();
  const capability = (value: string, before: string[] = []) => [...before, value];

  command("show <agent>", "one agent and what it is working on; by id or name").action(async (id, flags, self: Command) =>
    end(await (await run()).agentsShow(await session(), id, given(flags, self))),
  );
  command("register <name>", "register an agent and show its token, once")
    .option("--capability <word>", "what it can do; for each its own", capability)
    .action(async (name, flags, self: Command) =>
      end(await (await run()).agentsRegister(await session(), name, given(flags, self))),
    );
  command("join", "make a token with which machines register themselves")
    .option("--capability <word>", "the most they may claim; for each its own (default: anything)", capability)
    .option("--uses <n>", "how many may join with it (default: 1)", count)
    .option("--hours <n>", "how long it is good (default: 24)", amount)
    .action(async (flags, self: Command) => end(await (await run()).agentsJoin(await session(), given(flags, self))));
  command("revoke <agent>", "its token opens nothing any more, and its tasks go to others").action(
    async (id, flags, self: Command) => end(await (await run()).agentsRevoke(await session(), id, given(flags, self))),
  );
  command("reassign <id> <task>", "take a task from the agent that has it, or had it, and offer it to others").action(
    async (id, task, flags, self: Command) =>
      end(await (await run()).agentsReassign(await session(), id, task, given(flags, self))),
  );
  command("refused [agent]", "what agents asked for that is not theirs")
    .option("-n, --limit <n>", "how many", count)
    .action(async (id, flags, self: Command) => end(await (await run()).agentsRefused(await session(), id, given(flags, self))));
}

/** `agents --json show x` and `agents show x --json` say the same. */
const given = <Flags extends object>(flags: Flags, self: Command): Flags => ({ ...self.parent?.opts(), ...flags });
