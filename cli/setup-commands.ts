/** The words of `init`, `service` and `completion`; what they do is in commands/. */
import { Argument, type Command, Option } from "commander";
import type { Session } from "./session.ts";

export type SetupCommandOptions = { session(): Promise<Session>; end(code: number): void };

export function addSetupCommands(program: Command, { session, end }: SetupCommandOptions): void {
  const withJson = (parent: Command, usage: string, description: string) =>
    parent.command(usage).description(description).option("--json", "print JSON for scripts").exitOverride();

  withJson(program, "init [folder]", "connect Claude Code in a project (default: this folder); asks first")
    .addOption(new Option("--scope <scope>", "who gets the plugin (default: local)").choices(["user", "project", "local"]))
    .option("--mcp", "only the MCP server, in .mcp.json, without the plugin")
    .option("--dry-run", "only say what it would do")
    .option("-y, --yes", "do not ask")
    .action(async (folder, flags) => end(await (await import("./commands/init.ts")).init(await session(), folder, flags)));

  const service = program.command("service").description("the orchestrator as a service, so that it comes back after a reboot");
  const run = () => import("./commands/service.ts");
  withJson(service, "install", "write the service of this user (as root: of the system) and start it")
    .option("--no-start", "only write it")
    .option("--print", "only print it")
    .action(async (flags) => end(await (await run()).serviceInstall(await session(), flags)));
  withJson(service, "uninstall", "stop and remove it; running tasks go on").action(async (flags) =>
    end(await (await run()).serviceUninstall(await session(), flags)),
  );
  withJson(service, "status", "whether it is installed and runs").action(async (flags) =>
    end(await (await run()).serviceStatus(await session(), flags)),
  );

  program
    .command("completion")
    .description("completion for a shell; 'source <(longhaul completion bash)' turns it on")
    .addArgument(new Argument("<shell>", "which shell; reply is what the scripts call").choices(["bash", "zsh", "fish", "reply"]))
    .argument("[words...]", "with reply: the command line so far")
    .exitOverride()
    .action(async (shell, words: string[]) => {
      const commands = await import("./commands/completion.ts");
      end(shell === "reply" ? await commands.reply(program, await session(), words) : commands.completion(shell));
    });
}
