/** A command of the command line against an orchestrator that a test started. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const program = fileURLToPath(new URL("../../bin/longhaul.mjs", import.meta.url));

/** Standard output; rejects when it ends with another code than 0. */
export async function longhaul(home: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env["PATH"], HOME: home, LONGHAUL_HOME: home };
  return (await promisify(execFile)(process.execPath, [program, ...args], { env, cwd: home })).stdout;
}
