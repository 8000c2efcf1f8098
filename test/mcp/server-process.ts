/** The MCP server as Claude Code starts it: a process on standard input and output. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Client, type ElicitResult } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

export const program = fileURLToPath(new URL("../../bin/longhaul.mjs", import.meta.url));
const modernVersion = "2026-07-28";

export function environmentFor(home: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: home,
    LONGHAUL_HOME: home,
    LONGHAUL_PORT: "0",
    CLAUDE_CODE_SESSION_ID: "5e551011-0000-4000-8000-000000000000",
  };
}

/** `cwd` is the folder of the session; the home by default. */
type ClientOptions = { environment?: Record<string, string>; cwd?: string; answerForm?: AnswerForm };

/** What the person does with a form that shows this. */
export type AnswerForm = (message: string) => ElicitResult;

/** A client of the SDK; `era` decides which protocol it insists on; it shows forms only where somebody answers them. */
export async function connectClient(
  home: string,
  era: "legacy" | "modern",
  { environment = {}, cwd = home, answerForm }: ClientOptions = {},
): Promise<Client> {
  const client = new Client(
    { name: "test", version: "1" },
    {
      ...(answerForm === undefined ? {} : { capabilities: { elicitation: { form: {} } } }),
      versionNegotiation: { mode: era === "legacy" ? "legacy" : { pin: modernVersion } },
    },
  );
  if (answerForm !== undefined) client.setRequestHandler("elicitation/create", ({ params }) => answerForm(params.message));
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [program, "mcp"],
      env: { ...environmentFor(home), ...environment },
      cwd,
      stderr: "inherit",
    }),
  );
  return client;
}

export type RawAnswer = { id: number; result?: Record<string, unknown>; error?: { code: number; message: string } };

export type RawServer = {
  /** The result, or the error, of one request as it is on the wire. */
  request(method: string, params?: Record<string, unknown>): Promise<RawAnswer>;
  /** Closes standard input; resolves with the exit code. */
  end(): Promise<number | null>;
};

/** The wire itself, for what the SDK's client does not know: the tasks extension, which it refuses as an unsupported result. */
export function startRawServer(
  home: string,
  { tasks, environment = {}, cwd = home }: { tasks: boolean; environment?: Record<string, string>; cwd?: string },
): RawServer {
  const child = spawn(process.execPath, [program, "mcp"], {
    env: { ...environmentFor(home), ...environment },
    cwd,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting = new Map<number, (message: RawAnswer) => void>();
  createInterface(child.stdout).on("line", (line) => {
    const message = JSON.parse(line) as RawAnswer;
    waiting.get(message.id)?.(message);
  });
  const envelope = {
    "io.modelcontextprotocol/protocolVersion": modernVersion,
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {
      elicitation: {},
      ...(tasks ? { extensions: { "io.modelcontextprotocol/tasks": {} } } : {}),
    },
  };
  let lastId = 0;
  return {
    request(method, params = {}) {
      const id = ++lastId;
      const answer = new Promise<RawAnswer>((resolve) => waiting.set(id, resolve));
      const _meta = { ...envelope, ...(params["_meta"] as object | undefined) };
      child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta } })}\n`);
      return answer;
    },
    async end() {
      const ended = once(child, "exit");
      child.stdin.end();
      await ended;
      return child.exitCode;
    },
  };
}
