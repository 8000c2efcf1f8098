/**
 * Tasks of kind `claude`: a headless Claude Code session in the workspace.
 *
 * The session's uuid is chosen before it starts and lies in the attempt's directory, so whoever attaches later knows it. A retry forks the
 * session of the attempt before, if its transcript is still there. The attempt ends with the session's `result`; a session that lingers
 * after it is ended. Its MCP servers are only those that the task names: a task must not reach into the session that handed it off.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, readdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileNames, readWhole, writeWhole } from "./attempt-files.ts";
import { judgeSession } from "./claude-outcome.ts";
import { createClaudeStream } from "./claude-stream.ts";
import { attemptMark, taskEnvironment } from "./environment.ts";
import type { Assignment, AttemptContext, Executor } from "./executor.ts";
import { explainSandbox, holdTask } from "./hold-task.ts";
import type { Containment } from "./isolation.ts";
import type { Confine } from "./isolation-levels.ts";
import { type LimitDefaults, processLimits } from "./limits.ts";
import { type Framer, OutputTail } from "./output.ts";
import { superviseProcess } from "./process.ts";
import { judgeEnd, lastLines } from "./process-outcome.ts";
import { buildPrompt } from "./prompt.ts";
import { createRedactor } from "./redact.ts";
import type { LaunchOptions } from "./supervisor-launch.ts";
import { BrokenTask, taskFolder } from "./task-folder.ts";

export type ClaudeOptions = {
  /** Path of the Claude Code program. */
  binary: string;
  containment: Containment;
  /** Chooses per task; without it every task gets `containment`. */
  confine?: Confine;
  environment: Readonly<Record<string, string | undefined>>;
  secrets?: readonly string[];
  compileCache?: string;
  limits?: LimitDefaults;
  /** Characters of messages and tool calls that become events, 1 million by default. */
  eventCharacters?: number;
  now?: () => number;
};

type Session = { sessionId: string; resumes?: string };

const sessionFile = "session.json";
const promptFile = "prompt.txt";
const defaultEventCharacters = 1_000_000;
/** A session that has given its result and says nothing more is ended after this. */
const lingerMs = 10_000;
const graceMs = 10_000;

/** What a session may see of the orchestrator's environment besides the usual names. */
const passOn = [
  "ANTHROPIC_*",
  "CLAUDE_CODE_*",
  "CLAUDE_CONFIG_DIR",
  "DISABLE_*",
  "XDG_*",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];
const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"].flatMap((name) => [name, name.toLowerCase()]);
/** What a session that started the orchestrator left in it: this one is another session. */
const otherSession = ["CLAUDE_CODE_SESSION_ID", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", "CLAUDE_CODE_CHILD_SESSION"];
const credentials = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"];

/**
 * Parameters of a task: `prompt`, `model`, `maxTurns`, `permissionMode` (`acceptEdits` by default), `allowedTools` (`Bash` by default,
 * besides what the permission mode allows), `disallowedTools`, `mcpConfig` (file or JSON), `systemPrompt` (appended).
 */
export function createClaudeExecutor(options: ClaudeOptions): Executor {
  const now = options.now ?? Date.now;
  const keys = credentials.flatMap((name) => options.environment[name] ?? []);
  const secrets = [...(options.secrets ?? []), ...keys];
  const redactor = createRedactor(secrets);
  return {
    kind: "claude",
    async run(assignment, context) {
      const logFile = join(context.directory, fileNames.output);
      const mostTokens = assignment.task.limits?.tokens ?? Number.POSITIVE_INFINITY;
      const eventCharacters = options.eventCharacters ?? defaultEventCharacters;
      const stream = createClaudeStream({ redact: (text) => redactor.redact(text), now, eventCharacters, logFile });
      await replay(logFile, context.recordedOffset, stream);
      const tail = new OutputTail({ path: logFile, offset: context.recordedOffset, record: context.record, framer: stream });
      try {
        const { containment, announced, isolation } = await holdTask(assignment, context, options, true);
        const end = await superviseProcess({
          directory: context.directory,
          mark: attemptMark(assignment),
          adopted: assignment.adopted,
          signal: context.signal,
          containment,
          ...(options.compileCache === undefined ? {} : { compileCache: options.compileCache }),
          order: () => prepare(assignment, context, options),
          pump: async (ended) => {
            await announced;
            await tail.pump(ended);
            context.onUsage?.({ usd: stream.state.usdSoFar, tokens: stream.state.tokensSoFar });
          },
          isFinished: () =>
            (stream.state.result !== undefined && now() - stream.state.result.atMs > lingerMs) ||
            (stream.state.result === undefined && stream.state.tokensSoFar > mostTokens),
        });
        const judged = judgeEnd(end);
        const { state } = stream;
        state.sessionId ??= readWhole<Session>(context.directory, sessionFile)?.sessionId;
        const own = "own" in judged ? judged.own : { exitCode: null, signal: null };
        // A result that was given stands, whatever happened to the process afterwards.
        if (
          "own" in judged ||
          (judged.outcome.failureClass !== "never_started" && judged.outcome.status === "failed" && state.result !== undefined)
        ) {
          const complaint = await lastLines(join(context.directory, fileNames.stderr), secrets);
          return explainSandbox(judgeSession(state, own, complaint, now(), mostTokens), isolation, complaint);
        }
        const facts = Object.keys(state.usage).length === 0 ? {} : { usage: state.usage };
        return {
          ...judged.outcome,
          ...facts,
          ...(state.sessionId === undefined ? {} : { sessionId: state.sessionId }),
          ...(isolation && { isolation }),
        };
      } catch (error) {
        if (error instanceof BrokenTask) return { status: "failed", failureClass: "permanent", message: error.message };
        throw error;
      } finally {
        await tail.close();
      }
    },
  };
}

async function prepare(
  assignment: Assignment,
  { directory }: AttemptContext,
  options: ClaudeOptions,
): ReturnType<LaunchOptions["order"]> {
  const { task } = assignment;
  const cwd = await taskFolder(assignment);
  const environment = environmentOf(assignment, options);
  const previous = assignment.previousSessionId;
  const resumes = previous !== undefined && (await hasTranscript(previous, environment)) ? previous : undefined;
  const session: Session = { sessionId: randomUUID(), ...(resumes === undefined ? {} : { resumes }) };
  writeWhole(directory, sessionFile, session);
  const prompt = buildPrompt(assignment, { boundary: randomBytes(9).toString("base64url"), resumed: resumes !== undefined });
  await writeFile(join(directory, promptFile), prompt, { mode: 0o600 });
  return {
    argv: [options.binary, ...argumentsOf(assignment, session)],
    cwd,
    environment,
    stdin: join(directory, promptFile),
    separateStderr: true,
    ...processLimits(task, { graceMs, ...options.limits }),
  };
}

function argumentsOf({ task }: Assignment, { sessionId, resumes }: Session): string[] {
  const { params, limits } = task;
  const text = (name: string) => (typeof params[name] === "string" && params[name] !== "" ? params[name] : undefined);
  const texts = (name: string) =>
    Array.isArray(params[name]) ? params[name].filter((value) => typeof value === "string") : undefined;
  const option = (name: string, value: string | undefined) => (value === undefined ? [] : [name, value]);
  const allowed = texts("allowedTools") ?? ["Bash"];
  const disallowed = texts("disallowedTools") ?? [];
  return [
    "-p",
    "--output-format=stream-json",
    "--verbose",
    `--session-id=${sessionId}`,
    ...(resumes === undefined ? [] : [`--resume=${resumes}`, "--fork-session"]),
    `--permission-mode=${text("permissionMode") ?? "acceptEdits"}`,
    "--strict-mcp-config",
    ...option("--mcp-config", text("mcpConfig")),
    ...option("--model", text("model")),
    ...option("--append-system-prompt", text("systemPrompt")),
    ...option("--max-turns", typeof params["maxTurns"] === "number" ? String(params["maxTurns"]) : undefined),
    ...option("--max-budget-usd", limits?.usd === undefined ? undefined : String(limits.usd)),
    ...(allowed.length === 0 ? [] : ["--allowedTools", ...allowed]),
    ...(disallowed.length === 0 ? [] : ["--disallowedTools", ...disallowed]),
  ];
}

function environmentOf(assignment: Assignment, { environment }: ClaudeOptions): Record<string, string> {
  const from = Object.fromEntries(Object.entries(environment).filter(([name]) => !otherSession.includes(name)));
  const cloud = [
    ...(from["CLAUDE_CODE_USE_BEDROCK"] === undefined ? [] : ["AWS_*"]),
    ...(from["CLAUDE_CODE_USE_VERTEX"] === undefined ? [] : ["GOOGLE_*", "CLOUD_ML_REGION"]),
  ];
  return taskEnvironment(assignment, { from, passOn: [...passOn, ...proxies, ...cloud], set: { DISABLE_AUTOUPDATER: "1" } });
}

/** Whether the session can be resumed: its transcript lies in some project's folder. */
async function hasTranscript(sessionId: string, environment: Record<string, string>): Promise<boolean> {
  const projects = join(environment["CLAUDE_CONFIG_DIR"] ?? join(environment["HOME"] ?? homedir(), ".claude"), "projects");
  for (const project of await readdir(projects).catch(() => [])) {
    const found = await access(join(projects, project, `${sessionId}.jsonl`)).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

/** Reads what an earlier orchestrator already recorded, for the state that comes of it. */
async function replay(path: string, length: number, framer: Framer): Promise<void> {
  if (length === 0) return;
  let rest = Buffer.alloc(0);
  let offset = 0;
  for await (const chunk of createReadStream(path, { end: length - 1 })) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    const taken = framer.take(rest, offset, { flush: false, ended: false });
    offset += taken.length;
    rest = rest.subarray(taken.length);
  }
  framer.take(rest, offset, { flush: true, ended: true });
}
