/**
 * Connects Claude Code in a project: the plugin where Claude Code is installed, else the MCP server in `.mcp.json`. It says what it would do and
 * asks first.
 */
import { execFile } from "node:child_process";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { exitCodes } from "../exit-codes.ts";
import { CommandFailure } from "../failure.ts";
import { mark } from "../marks.ts";
import { program, type Session } from "../session.ts";
import { answer, commandLine } from "../terminal.ts";

export type InitFlags = { json?: boolean; yes?: boolean; dryRun?: boolean; scope?: "user" | "project" | "local"; mcp?: boolean };
type Step = { what: string; carryOut(): Promise<void> };

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const server = { command: "node", args: [program, "mcp"] };

export async function init(session: Session, folder: string | undefined, flags: InitFlags): Promise<number> {
  const project = resolve(folder ?? ".");
  if (!(await stat(project).catch(() => undefined))?.isDirectory())
    throw new CommandFailure(
      `There is no folder ${project}.`,
      exitCodes.usage,
      "Name the project's folder, or leave it out for this one.",
    );
  const { json = false, yes = false, dryRun = false } = flags;
  const steps = await stepsFor(session, project, flags);
  const lines = steps.map(({ what }) => what);
  if (dryRun || !(yes || (await agreed(lines)))) {
    answer(json, { steps: lines, done: false }, () => [...lines, "Nothing was changed."]);
    return exitCodes.ok;
  }
  for (const step of steps) await step.carryOut();
  answer(json, { steps: lines, done: true }, () => [
    ...lines.map((line) => `${mark("completed")} ${line}`),
    `In Claude Code, say "Hand this plan off." ${commandLine("doctor")} checks this machine.`,
  ]);
  return exitCodes.ok;
}

async function stepsFor({ config }: Session, project: string, { scope = "local", mcp = false }: InitFlags): Promise<Step[]> {
  const note = join(config.home, "program");
  const steps: Step[] = [
    {
      what: `note in ${note} where this program is, for the plugin`,
      async carryOut() {
        await mkdir(config.home, { recursive: true });
        await writeFile(note, `${program}\n`);
      },
    },
  ];
  if (!mcp && (await hasClaudeCode())) {
    const args = ["plugin", "install", "longhaul", "--marketplace", root.replace(/\/$/, ""), "--scope", scope];
    const where = { user: "for all projects", project: `for everybody in ${project}`, local: `for you in ${project}` }[scope];
    return [...steps, { what: `claude ${args.join(" ")} (${where})`, carryOut: () => runClaude(args, project) }];
  }
  const file = join(project, ".mcp.json");
  const settings = await readSettings(file);
  return [...steps, { what: `add the MCP server 'longhaul' to ${file}`, carryOut: () => writeFile(file, withServer(settings)) }];
}

async function hasClaudeCode(): Promise<boolean> {
  return run("claude", ["--version"]).then(
    () => true,
    () => false,
  );
}

async function runClaude(args: string[], cwd: string): Promise<void> {
  try {
    await run("claude", args, { cwd });
  } catch (error) {
    const { stderr = "", stdout = "", message } = error as { stderr?: string; stdout?: string; message: string };
    throw new CommandFailure(
      `'claude ${args.join(" ")}' failed: ${(stderr || stdout || message).trim()}`,
      exitCodes.failed,
      `Without the plugin: ${commandLine("init --mcp")}`,
    );
  }
}

/** @throws CommandFailure where the file is there and cannot be read: what is in it must not be lost */
async function readSettings(file: string): Promise<{ mcpServers?: object }> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "{}";
    throw error;
  });
  try {
    const settings: unknown = JSON.parse(text);
    if (typeof settings === "object" && settings !== null && !Array.isArray(settings)) return settings;
  } catch {
    // Said below, as for anything else that is not an object.
  }
  throw new CommandFailure(`${file} is not a JSON object.`, exitCodes.refused, "Correct it, or move it away, and try again.");
}

function withServer(settings: { mcpServers?: object }): string {
  return `${JSON.stringify({ ...settings, mcpServers: { ...settings.mcpServers, longhaul: server } }, null, 2)}\n`;
}

async function agreed(lines: readonly string[]): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new CommandFailure("Nobody can be asked here.", exitCodes.usage, "Say --yes, or look with --dry-run.");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    process.stderr.write(`This would\n${lines.map((line) => `  - ${line}\n`).join("")}`);
    return /^y(es)?$/i.test((await terminal.question("Go on? [y/N] ")).trim());
  } finally {
    terminal.close();
  }
}
