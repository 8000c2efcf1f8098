/** The command line as a user has it: processes of their own, on a home and a database of their own. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createTestDatabase } from "../support/postgres.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export type Ended = { code: number | null; signal: NodeJS.Signals | null; out: string; err: string };
export type Started = {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** Resolves once standard error has the text. */
  says(text: string): Promise<void>;
};
export type CommandLine = {
  home: string;
  start(args: string[], options?: { input?: string; environment?: Record<string, string> }): Started;
  run(args: string[], options?: { input?: string; environment?: Record<string, string> }): Promise<Ended>;
  /** Standard output of the command with --json. */
  json<Answer>(args: string[], options?: { input?: string }): Promise<Answer>;
  remove(): Promise<void>;
};

export async function createCommandLine(program = join(root, "bin/longhaul.mjs")): Promise<CommandLine> {
  const database = await createTestDatabase();
  const home = await mkdtemp("/tmp/longhaul-cli-");
  await chmod(home, 0o711);

  const start: CommandLine["start"] = (args, options = {}) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: home,
      env: {
        PATH: process.env["PATH"],
        HOME: home,
        LONGHAUL_HOME: home,
        LONGHAUL_PORT: "0",
        DATABASE_URL: database.databaseUrl,
        ...options.environment,
      },
    });
    let [out, err] = ["", ""];
    const waiting: { text: string; resolve: () => void }[] = [];
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk.toString();
      for (const { text, resolve } of waiting) if (err.includes(text)) resolve();
    });
    child.stdin.end(options.input ?? "");
    return {
      child,
      ended: new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, out, err }))),
      says: (text) => new Promise((resolve) => (err.includes(text) ? resolve() : void waiting.push({ text, resolve }))),
    };
  };
  const run: CommandLine["run"] = (args, options) => start(args, options).ended;
  return {
    home,
    start,
    run,
    async json<Answer>(args: string[], options?: { input?: string }) {
      return JSON.parse((await run([...args, "--json"], options)).out) as Answer;
    },
    async remove() {
      await run(["down"]);
      await database.drop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
