/** Runs one engine in a process of its own, so that memory and processor time are its own and a crash ends nothing else. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Assignment, Outcome } from "./child.ts";

/** Resolves with what the engine's process reported, or with a failure when it ended or hung before it could. */
export function runEngine(module: string, nodeArguments: string[], assignment: Assignment, deadlineMs: number): Promise<Outcome> {
  const child = fork(fileURLToPath(new URL("child.ts", import.meta.url)), [module, JSON.stringify(assignment)], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, NODE_ENV: "production", NO_COLOR: "1" },
    execArgv: nodeArguments,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
  return new Promise((resolve) => {
    let outcome: Outcome | undefined;
    const timer = setTimeout(() => {
      outcome ??= { status: "failed", message: `not done after ${deadlineMs / 1000} s; it last said:\n${said}` };
      child.kill("SIGKILL");
    }, deadlineMs);
    child.on("message", (message) => (outcome = message as Outcome));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve(outcome ?? { status: "failed", message: `its process ended (${signal ?? code}); it last said:\n${said}` });
    });
  });
}
