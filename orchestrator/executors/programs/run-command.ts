/** Runs a program of this machine for a task: no shell, its output shown as it comes and kept for whoever decides by it. */
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";

export type Ran = { exitCode: number; stdout: string; stderr: string };

const keptBytes = 1024 * 1024;

/** Resolves however it ended; 127 when it could not be started. */
export function runCommand(
  argv: readonly [string, ...string[]],
  options: { cwd: string; environment?: Readonly<Record<string, string>>; input?: string | Readable; say?(line: string): void },
): Promise<Ran> {
  return new Promise((resolve) => {
    const [file, ...args] = argv;
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const kept = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (text: string) => {
        if (kept[name].length < keptBytes) kept[name] += text;
        if (options.say !== undefined && text.trimEnd() !== "") options.say(text.trimEnd());
      });
    child.stdin.on("error", () => undefined); // it ended without reading
    if (typeof options.input === "object") options.input.pipe(child.stdin);
    else child.stdin.end(options.input ?? "");
    child.once("error", (error) => resolve({ exitCode: 127, stdout: "", stderr: error.message }));
    child.once("close", (code, signal) => resolve({ ...kept, exitCode: code ?? (signal === null ? 1 : 128) }));
  });
}
