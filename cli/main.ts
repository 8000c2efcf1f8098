/** The command line: what commands there are. Each is imported when it is called, so that `longhaul mcp` starts in a moment. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { version } from "../orchestrator/version.ts";
import { addAgentCommands } from "./agent-commands.ts";
import { exitCodeHelp, exitCodes } from "./exit-codes.ts";
import { parameter } from "./plan-parameters.ts";
import { addSetupCommands } from "./setup-commands.ts";

/** Runs one command line and leaves its exit code in `process.exitCode`. */
export async function main(argv: string[]): Promise<void> {
  let code: number = exitCodes.ok;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(code); // the reader, such as `head`, has seen enough
    throw error;
  });
  const program = build((result) => (code = result));
  try {
    await program.parseAsync(argv);
  } catch (error) {
    code = await report(error, argv.includes("--json"));
  }
  process.exitCode = code;
}

async function report(error: unknown, json: boolean): Promise<number> {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.ok;
    if (json) process.stdout.write(`${JSON.stringify({ error: usageFailure(error) }, null, 2)}\n`);
    return exitCodes.usage;
  }
  const { failureOf } = await import("./failure.ts");
  const failure = failureOf(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: failure }, null, 2)}\n`);
  else process.stderr.write(`longhaul: ${failure.message}\n${failure.hint === undefined ? "" : `  → ${failure.hint}\n`}`);
  return failure.exitCode;
}

const usageFailure = ({ message }: CommanderError) => ({
  message: message.replace(/^error: /, ""),
  code: "invalid_input",
  exitCode: exitCodes.usage,
});

function build(end: (code: number) => void): Command {
  const program = new Command("longhaul")
    .description("Hand a plan to a background executor and walk away.")
    .version(version)
    .exitOverride()
    .showHelpAfterError("(longhaul --help lists the commands)")
    .addHelpText("after", exitCodeHelp);
  /** A command with --json whose action resolves to the exit code. */
  const command = (usage: string, description: string) =>
    program.command(usage).description(description).option("--json", "print JSON for scripts").exitOverride();
  const session = async () => (await import("./session.ts")).openSession();

  const withHandoffOptions = (it: Command) =>
    it
      .option("-w, --workspace <folder>", "folder the tasks run in (default: the plan's repository, or its folder)")
      .addOption(new Option("-p, --priority <level>", "before or after other executions").choices(["low", "normal", "high"]))
      .option("-c, --concurrency <n>", "most tasks of this plan at once", count)
      .option("--key <key>", "handing off again with the same key returns the first execution")
      .option("--format <name>", "read the plan as this format")
      .option("--title <text>", "name of the plan")
      .option("--set <name=value>", "value of a template's parameter, for each its own", parameter)
      .option("--budget-usd <n>", "US dollars the plan may cost", amount)
      .option("--budget-tokens <n>", "tokens it may use", count)
      .option("--budget-minutes <n>", "minutes its tasks may run, added up", amount)
      .option("--value-usd <n>", "US dollars the result is worth to you, for the return on it", amount)
      .addOption(
        new Option("--approval <mode>", "when a person approves: never, at each phase and deployment, or before the end").choices(
          ["auto", "checkpoints", "final"],
        ),
      )
      .option("--confirm-external", "dependencies on things outside the plan are fulfilled")
      .addOption(new Option("--worktrees <mode>", "how tasks share the repository").choices(["auto", "shared", "worktree"]))
      .option("--bootstrap <command>", "makes each new worktree ready")
      .option("--landing-check <command>", "must succeed on what tasks in worktrees merged")
      .option("--branch <name>", "branch that tasks in worktrees land on (default: the one checked out)");

  command("build <intent>", "from one sentence to a running service, in eight steps")
    .option("--name <name>", "short name, for the package and its repository")
    .option("-w, --workspace <folder>", "folder it is made in (default: a new one)")
    .addOption(
      new Option(
        "--approval <mode>",
        "never, after the specification and before deployment (the default), or only before deployment",
      ).choices(["auto", "checkpoints", "final"]),
    )
    .option("--test <command>", "runs the tests (default: npm test)")
    .option("--start <command>", "starts the service on the port of the variable PORT (default: npm start)")
    .option("--iterations <n>", "how often the code may be corrected, at most 10", count)
    .option("--no-ask", "decide what is ambiguous instead of asking")
    .option("--github <name>", "also create this repository at GitHub")
    .option("--deploy <host>", "where it runs: [user@]host[:port], over ssh")
    .option("--deploy-folder <folder>", "folder on that host")
    .option("--deploy-start <command>", "starts it there")
    .option("--deploy-health <url>", "says whether it is well there")
    .option("--deploy-key <secret>", "name of the secret with the private key")
    .option("--deploy-host-key <key>", "public key of the host")
    .option("--image <name>", "build and push this image for it")
    .option("--registry <url>", "is told when it is deployed")
    .option("--budget-usd <n>", "US dollars it may cost", amount)
    .option("--value-usd <n>", "US dollars the result is worth to you", amount)
    .option("--key <key>", "building again with the same key returns the first build")
    .option("--watch", "follow it to its end")
    .action(async (intent, flags) => end(await (await import("./commands/build.ts")).build(await session(), intent, flags)));
  const schedule = program.command("schedule").description("plans that recur");
  const scheduled = (usage: string, description: string) =>
    schedule.command(usage).description(description).option("--json", "print JSON for scripts").exitOverride();
  withHandoffOptions(scheduled("add <file>", "hand a plan off again and again; its file is read anew each time"))
    .requiredOption("--cron <expression>", "when: minute, hour, day of month, month, day of week; or @daily and the like")
    .option("--time-zone <name>", "what the hours are in (default: this machine's), such as Europe/Berlin")
    .addOption(new Option("--overlap <policy>", "while an earlier run has not ended").choices(["skip", "allow"]))
    .option("--name <name>", "what it is called (default: the file's name)")
    .option("--for-each <file>", "a template for each entry of a CSV, JSON or YAML file; - for those it lists itself")
    .action(async (file, flags) => end(await (await import("./commands/schedule.ts")).scheduleAdd(await session(), file, flags)));
  scheduled("list", "schedules, their next time and last runs").action(async (flags) =>
    end(await (await import("./commands/schedule.ts")).scheduleList(await session(), flags)),
  );
  for (const change of ["pause", "resume", "remove"] as const) {
    const what = {
      pause: "start no further runs",
      resume: "go on with the next time",
      remove: "forget it; what it started goes on",
    };
    scheduled(`${change} <name>`, what[change]).action(async (name, flags) =>
      end(await (await import("./commands/schedule.ts")).scheduleChange(await session(), change, name, flags)),
    );
  }
  withHandoffOptions(command("run <file>", "hand off a plan file or folder, watch it, sum up")).action(async (file, flags) =>
    end(await (await import("./commands/run.ts")).run(await session(), file, flags)),
  );
  withHandoffOptions(command("handoff <file>", "hand off and return at once; - reads standard input"))
    .option("--for-each <file>", "a template for each entry of a CSV, JSON or YAML file; - for those it lists itself")
    .action(async (file, flags) => end(await (await import("./commands/run.ts")).handoff(await session(), file, flags)));
  command("plan <file>", "show what a plan file or folder would become; starts nothing")
    .option("--format <name>", "read the plan as this format")
    .option("--set <name=value>", "value of a template's parameter, for each its own", parameter)
    .action(async (file, flags) => end(await (await import("./commands/plan.ts")).plan(file, flags)));
  command("watch [id]", "follow an execution live to its end (default: the latest)").action(async (id, flags) =>
    end(await (await import("./commands/look.ts")).status(await session(), id, { ...flags, watch: true })),
  );
  command("status [id]", "state of an execution (default: the latest)")
    .option("--watch", "follow it to its end")
    .action(async (id, flags) => end(await (await import("./commands/look.ts")).status(await session(), id, flags)));
  command("list", "what was handed off, newest first")
    .addOption(
      new Option("--status <status>", "only those in this state").choices([
        "created",
        "queued",
        "running",
        "paused",
        "blocked",
        "completed",
        "failed",
        "cancelled",
      ]),
    )
    .option("-n, --limit <n>", "how many", count)
    .action(async (flags) => end(await (await import("./commands/look.ts")).list(await session(), flags)));
  command("logs <id> [task]", "events and output of an execution, or of one task")
    .option("-f, --follow", "until it ends")
    .action(async (id, task, flags) => end(await (await import("./commands/look.ts")).logs(await session(), id, task, flags)));

  const control = (action: "pause" | "resume" | "cancel" | "retry" | "skip", usage: string, description: string) =>
    command(usage, description)
      .option("--reason <text>", "kept in the event log")
      .action(async (id: string, ...rest: unknown[]) => {
        const flags = rest.at(-2) as { json?: boolean; reason?: string; from?: string };
        const task = typeof rest[0] === "string" ? rest[0] : undefined;
        end(await (await import("./commands/control.ts")).control(await session(), action, id, task, flags));
      });
  control("pause", "pause <id>", "start no further tasks; running ones end");
  control("resume", "resume <id>", "go on from there");
  control("cancel", "cancel <id>", "stop for good; running tasks are killed");
  control("retry", "retry <id> [task]", "run failed and cancelled tasks again, or one of them").option(
    "--from <task>",
    "this task and everything that hangs on it, whatever became of it",
  );
  control("skip", "skip <id> <task>", "go on as if this task had succeeded");
  command("checkpoints <id>", "what was kept before and after each task").action(async (id, flags) =>
    end(await (await import("./commands/workspace.ts")).checkpoints(await session(), id, flags)),
  );
  command("rollback <id> [task]", "go back to the end of a task: files and state; shows the difference and asks first")
    .option("--dry-run", "only show the difference")
    .option("--before", "to before the task instead of its end")
    .option("--attempt <n>", "which attempt at it", count)
    .option("--undo", "take the last rollback back")
    .option("-y, --yes", "do not ask")
    .action(async (id, task, flags) =>
      end(await (await import("./commands/workspace.ts")).rollback(await session(), id, task, flags)),
    );
  command("evidence <id> <task>", "what the orchestrator saw when it checked a task").action(async (id, task, flags) =>
    end(await (await import("./commands/verification.ts")).evidence(await session(), id, task, flags)),
  );
  command("artifacts <id>", "the files that the tasks of an execution left")
    .option("--task <task>", "of one task")
    .option("--save <folder>", "write them into a folder")
    .action(async (id, flags) => end(await (await import("./commands/artifacts.ts")).artifacts(await session(), id, flags)));
  command("verify <id> <task>", "run a task's checks again and compare; 0 when they pass as they did").action(
    async (id, task, flags) => end(await (await import("./commands/verification.ts")).verify(await session(), id, task, flags)),
  );
  command("gates <id>", "what the gates of an execution said").action(async (id, flags) =>
    end(await (await import("./commands/verification.ts")).gates(await session(), id, flags)),
  );
  command("edit <id> [file]", "bring the changed plan to a running execution (default: its file as it is now)")
    .option("--dry-run", "only show what would change")
    .option("--format <name>", "read the plan as this format")
    .action(async (id, file, flags) => end(await (await import("./commands/edit.ts")).edit(await session(), id, file, flags)));
  command("write-back <id>", "tick the boxes of finished tasks in the plan's file")
    .option("--dry-run", "only show what would change")
    .action(async (id, flags) => end(await (await import("./commands/edit.ts")).writeBack(await session(), id, flags)));
  const notify = program.command("notify").description("what was told to whom");
  notify
    .command("test [channel]")
    .description("send a test message to every channel, or to one")
    .option("--json", "print JSON for scripts")
    .exitOverride()
    .action(async (channel, flags) =>
      end(await (await import("./commands/notify.ts")).notifyTest(await session(), channel, flags)),
    );
  notify
    .command("list")
    .description("messages, newest first")
    .option("--json", "print JSON for scripts")
    .option("-n, --limit <n>", "how many", count)
    .exitOverride()
    .action(async (flags) => end(await (await import("./commands/notify.ts")).notifyList(await session(), flags)));
  command("approvals [id]", "what waits for an approval; with an id, every approval of that execution").action(
    async (id, flags) => end(await (await import("./commands/approval.ts")).approvals(await session(), id, flags)),
  );
  for (const decision of ["approve", "reject"] as const) {
    command(
      `${decision} [id]`,
      decision === "approve" ? "let what waits for an approval go ahead" : "refuse it; what hangs on it is skipped",
    )
      .option("--note <text>", "kept in the event log")
      .action(async (id, flags) =>
        end(await (await import("./commands/approval.ts")).decideApproval(await session(), decision, id, flags)),
      );
  }
  command("inbox", "what waits for a person").action(async (flags) =>
    end(await (await import("./commands/control.ts")).inbox(await session(), flags)),
  );
  command("done <action>", "answer what waits for a person; ids come from inbox")
    .option("--outcome <outcome>", "done, failed or skipped", "done")
    .option("--note <text>", "what was done; goes to the tasks after it")
    .option("--minutes <n>", "how long you worked on it", amount)
    .action(async (action, flags) => end(await (await import("./commands/control.ts")).done(await session(), action, flags)));

  command("budget <id>", "what an execution may spend, and what it has; with a number: allow so much in all")
    .option("--usd <n>", "US dollars", amount)
    .option("--tokens <n>", "tokens", count)
    .option("--minutes <n>", "minutes that its tasks run, added up", amount)
    .option("--task <task>", "of one task instead of the whole plan")
    .action(async (id, flags) => end(await (await import("./commands/budget.ts")).budget(await session(), id, flags)));
  command("value [id]", "what was saved, spent and waited for, from what is recorded (default: all executions)")
    .option("--since <date>", "only what was handed off since then")
    .action(async (id, flags) => end(await (await import("./commands/value.ts")).value(await session(), id, flags)));
  command("rate <id> <rating...>", "say how good it was, from 1 to 10; a task's id before the number rates that task")
    .option("--note <text>", "why")
    .action(async (id, words, flags) =>
      end(await (await import("./commands/metrics.ts")).rate(await session(), id, words, flags)),
    );
  command("metrics <id>", "figures of an execution: duration, success ratio, pass rates, tokens, ratings").action(
    async (id, flags) => end(await (await import("./commands/metrics.ts")).metrics(await session(), id, flags)),
  );
  command("trends", "figures of all executions per day")
    .option("--days <n>", "how far back (default: 30)")
    .option("--metric <name>", "only this one")
    .action(async (flags) => end(await (await import("./commands/metrics.ts")).trends(await session(), flags)));
  command("limits", "what Claude's accounts allow now")
    .option("--lift <account>", "the limit does not hold any more: let sessions start")
    .action(async (flags) => end(await (await import("./commands/limits.ts")).limits(await session(), flags)));

  command("recommend <text>", "what similar tasks of the past were like")
    .option("-n, --limit <n>", "how many", count)
    .option("--project <name>", "this project's own past counts more")
    .action(async (text, flags) => end(await (await import("./commands/learning.ts")).recommend(await session(), text, flags)));
  command("learning", "what was learned, and whether it helps").action(async (flags) =>
    end(await (await import("./commands/learning.ts")).learning(await session(), flags)),
  );

  command("dashboard", "print a link that logs a browser in to the dashboard, once, and open it")
    .option("--no-open", "only print it")
    .action(async (flags) => end(await (await import("./commands/dashboard.ts")).dashboard(await session(), flags)));
  addAgentCommands(program, { session, end, count, amount });

  command("up", "start the orchestrator, if none runs")
    .option("--foreground", "run it here, until SIGTERM")
    .action(async (flags) => end(await (await import("./commands/lifecycle.ts")).up(await session(), flags)));
  command("down", "stop the orchestrator; running tasks go on").action(async (flags) =>
    end(await (await import("./commands/lifecycle.ts")).down(await session(), flags)),
  );
  command("prune", "let go of events, logs and artifacts whose time is over; happens daily by itself")
    .option("--dry-run", "only say what would be removed")
    .action(async (flags) => end(await (await import("./commands/prune.ts")).prune(await session(), flags)));
  command("health", "what the orchestrator needs and whether it is there; what of running tasks is out of bounds").action(
    async (flags) => end(await (await import("./commands/health.ts")).health(await session(), flags)),
  );
  command("doctor", "look for setup problems").action(async (flags) =>
    end(await (await import("./commands/doctor.ts")).doctor(await session(), flags)),
  );
  addSetupCommands(program, { session, end });
  command("demo", "run the example plan").action(async (flags) =>
    end(await (await import("./commands/run.ts")).demo(await session(), flags)),
  );
  command("mcp", "MCP server on standard input and output, for Claude Code").action(async () => {
    const [{ runMcpServer }, { openSession, startCommand }] = await Promise.all([
      import("../mcp/server.ts"),
      import("./session.ts"),
    ]);
    const { config } = openSession();
    await runMcpServer({ home: config.home, command: startCommand, environment: config.environment, cwd: process.cwd() });
  });
  return program;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It must be a whole number from 1.");
  return value;
}

function amount(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("It must be a number above 0.");
  return value;
}
