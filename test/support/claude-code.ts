/** The real Claude Code from npm, on a home of its own, talking to a scripted Messages API and to the MCP server of this repository. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import xterm from "@xterm/headless";
import { createClient } from "../../client/client.ts";
import { discoverOrchestrator } from "../../client/discover.ts";
import { endOrchestrator } from "../mcp/own-orchestrator.ts";
import { claudeEnvironment } from "./messages-api.ts";

const { Terminal } = xterm;
const program = fileURLToPath(new URL("../../bin/longhaul.mjs", import.meta.url));

/** Gives a program a terminal; of util-linux, whose options the other systems' do not know. */
const terminal = "script";

/** One line of `--output-format stream-json`. */
export type ClaudeMessage = { type: string; subtype?: string; session_id?: string; [key: string]: unknown };

/** `type` sends keys, `screen` is what stands on the screen and was scrolled out of it. */
export type ClaudeSession = { type(keys: string): void; screen(): string; close(): Promise<void> };

export type ClaudeCode = {
  /** The session's folder. */
  folder: string;
  /** Where the MCP server's orchestrator lives; none runs at first. */
  longhaulHome: string;
  /** Runs `claude -p` to its end; `args` come on top of those that connect the MCP server. */
  ask(prompt: string, args?: string[]): Promise<{ exitCode: number | null; messages: ClaudeMessage[]; errors: string }>;
  /** Opens a session in a terminal, as a person does; `close` is the terminal's window being closed. */
  open(args: string[], environment?: Record<string, string>): ClaudeSession;
  /** A client of the orchestrator that the MCP server started. */
  orchestrator(): Promise<ReturnType<typeof createClient>>;
  remove(): Promise<void>;
};

/** Undefined where npm installed no binary for this system. */
export function claudeBinary(): string | undefined {
  const name = `@anthropic-ai/claude-code-${process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve("@anthropic-ai/claude-code/package.json");
    const packageFile = createRequire(wrapper).resolve(`${name}/package.json`);
    return join(dirname(packageFile), process.platform === "win32" ? "claude.exe" : "claude");
  } catch {
    return undefined;
  }
}

/** Whether sessions can be opened in a terminal here: it takes the `script` of util-linux. */
export function hasTerminals(): boolean {
  return spawnSync(terminal, ["-qec", "true", "/dev/null"], { stdio: "ignore" }).status === 0;
}

/**
 * @param environment of the MCP server and so of the orchestrator, e.g. DATABASE_URL
 * @param options.plugin folder of a plugin that brings the MCP server
 */
export async function createClaudeCode(
  binary: string,
  apiUrl: string,
  environment: Record<string, string>,
  { plugin }: { plugin?: string } = {},
): Promise<ClaudeCode> {
  const base = await mkdtemp("/tmp/longhaul-claude-");
  await chmod(base, 0o711);
  // Apart: checkpoints and approvals are about the files of the session's folder.
  const [folder, userHome, longhaulHome] = [join(base, "project"), join(base, "home"), join(base, "longhaul")];
  for (const path of [folder, userHome]) await mkdir(path);
  const server = {
    command: process.execPath,
    args: [program, "mcp"],
    env: { LONGHAUL_HOME: longhaulHome, LONGHAUL_PORT: "0", ...environment },
  };
  await writeFile(join(base, "mcp.json"), JSON.stringify({ mcpServers: { longhaul: server } }));
  await writeFile(join(userHome, ".claude.json"), JSON.stringify(answersToFirstQuestions(folder)));
  const connected =
    plugin === undefined
      ? ["--mcp-config", join(base, "mcp.json"), "--strict-mcp-config", "--allowedTools", "mcp__longhaul__*"]
      : ["--plugin-dir", plugin, "--allowedTools", "mcp__plugin_longhaul_longhaul__*"];
  // Without a configuration of its own the plugin's server has the environment of Claude Code.
  const own = plugin === undefined ? {} : { ...server.env, LONGHAUL_PROGRAM: program, ...environment };
  const streamed = ["--output-format", "stream-json", "--verbose"];

  return {
    folder,
    longhaulHome,
    async ask(prompt, args = []) {
      const child = spawn(binary, ["-p", prompt, ...connected, ...streamed, ...args], {
        cwd: folder,
        env: { ...claudeEnvironment(apiUrl, userHome), ...own },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const messages: ClaudeMessage[] = [];
      let errors = "";
      createInterface(child.stdout).on("line", (line) => messages.push(JSON.parse(line) as ClaudeMessage));
      child.stderr.on("data", (chunk: Buffer) => {
        errors += chunk.toString();
      });
      await once(child, "close");
      return { exitCode: child.exitCode, messages, errors };
    },
    open(args, more = {}) {
      const command = `stty cols 100 rows 50; ${[binary, ...args, ...connected].map((part) => `'${part}'`).join(" ")}`;
      const child = spawn(terminal, ["-qfec", command, "/dev/null"], {
        cwd: folder,
        env: { ...claudeEnvironment(apiUrl, userHome), ...own, ...more, TERM: "xterm-256color" },
        stdio: ["pipe", "pipe", "ignore"],
      });
      const screen = new Terminal({ cols: 100, rows: 50, allowProposedApi: true });
      child.stdout.on("data", (chunk: Buffer) => screen.write(chunk));
      return {
        type: (keys) => void child.stdin.write(keys),
        screen() {
          const { active } = screen.buffer;
          return Array.from({ length: active.length }, (_, row) => active.getLine(row)?.translateToString(true) ?? "").join("\n");
        },
        async close() {
          const ended = once(child, "close");
          if (child.exitCode !== null || child.signalCode !== null || !child.kill()) return;
          await ended;
        },
      };
    },
    async orchestrator() {
      const found = await discoverOrchestrator(longhaulHome);
      if (!found.running) throw new Error(found.detail);
      return createClient(found);
    },
    async remove() {
      await endOrchestrator(longhaulHome);
      await rm(base, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What a person answers once: theme, the key of the environment, that the folder is trusted. */
function answersToFirstQuestions(folder: string): object {
  return {
    hasCompletedOnboarding: true,
    theme: "dark",
    customApiKeyResponses: { approved: [claudeEnvironment("", folder)["ANTHROPIC_API_KEY"]?.slice(-20)], rejected: [] },
    projects: { [folder]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
  };
}
