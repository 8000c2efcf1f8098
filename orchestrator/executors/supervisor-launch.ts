/** Starting a supervisor so that it outlives this process: a session of its own, no pipe left open, its complaints in a file. */
import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fileNames, type Intent, type SupervisorOrder, writeWhole } from "./attempt-files.ts";
import type { Containment } from "./isolation.ts";

export type LaunchOptions = {
  /** The attempt's directory; it exists. */
  directory: string;
  /** Marks every process of the attempt. */
  mark: string;
  containment: Containment;
  /** Folder that keeps the supervisor's compiled code between starts. */
  compileCache?: string;
  /** What to run; asked for only when it is started here. */
  order(): Promise<Omit<SupervisorOrder, "mark" | "contained" | "wrapper" | "cleanup">>;
};

/** A supervisor that was started and has not claimed the attempt yet, as far as this process saw. */
export type Starting = { ended: boolean; problem: string };

const program = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./supervisor.ts" : "./supervisor.js", import.meta.url));

/** Writes the intent and starts the supervisor; `onEnd` is called when it ends while this process lives. */
export async function launchSupervisor(options: LaunchOptions, onEnd: () => void): Promise<Starting> {
  const { directory, mark, containment } = options;
  const { environment, ...given } = await options.order();
  const { pidNamespace: contained, wrapper, cleanup = [] } = containment;
  const intent: Intent = { ...given, mark, contained, wrapper, cleanup };
  writeWhole(directory, fileNames.intent, intent);

  const starting: Starting = { ended: false, problem: "" };
  const [file, ...args] = [...containment.launcher, process.execPath, program, directory] as unknown as [string, ...string[]];
  const log = await open(join(directory, fileNames.supervisorLog), "a", 0o600);
  try {
    const supervisor = spawn(file, args, {
      cwd: directory,
      detached: true,
      stdio: ["pipe", "ignore", log.fd],
      env: {
        PATH: environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
        NODE_NO_WARNINGS: "1",
        ...(options.compileCache === undefined ? {} : { NODE_COMPILE_CACHE: options.compileCache }),
      },
    });
    const ended = (problem: string) => {
      starting.ended = true;
      starting.problem = problem;
      onEnd();
    };
    supervisor.once("error", (error) => ended(error.message));
    supervisor.once("exit", (code, signal) => ended(`the supervisor ended with ${signal ?? code}`));
    supervisor.stdin?.on("error", () => undefined); // it ended before it read its order, which "exit" reports
    supervisor.stdin?.end(JSON.stringify({ ...intent, environment } satisfies SupervisorOrder));
    supervisor.unref();
  } finally {
    await log.close();
  }
  return starting;
}
