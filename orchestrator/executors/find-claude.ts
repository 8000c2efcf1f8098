/** Finding the Claude Code program. */
import { execFile } from "node:child_process";
import { access, constants, realpath } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { promisify } from "node:util";

export type FoundClaude = { path: string; version: string };

const answerMs = 10_000;

/** Looks for a `claude` on the search path that answers `--version`; the first such one, undefined when there is none. */
export async function findClaude(pathEnv: string | undefined): Promise<FoundClaude | undefined> {
  for (const folder of (pathEnv ?? "").split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    const found = await askClaude(join(folder, "claude"));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Asks a program for its version; undefined when it is not there, does not start or is not Claude Code. */
export async function askClaude(path: string): Promise<FoundClaude | undefined> {
  try {
    await access(path, constants.X_OK);
    const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: answerMs });
    const version = /^(\d+\.\d+\.\d+\S*)/.exec(stdout.trim())?.[1];
    return version === undefined ? undefined : { path: await realpath(path), version };
  } catch {
    return undefined;
  }
}
