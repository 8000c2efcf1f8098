/** The folder that a task runs in. */
import { stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import type { Assignment } from "./executor.ts";

/** A task that cannot run as it is written: no further attempt will do better. */
export class BrokenTask extends Error {}

/**
 * The workspace, or `params.cwd` inside it.
 * @throws BrokenTask when it does not exist or leads out of the workspace
 */
export async function taskFolder({ task, workspace }: Assignment): Promise<string> {
  const { cwd = "." } = task.params;
  if (typeof cwd !== "string") throw new BrokenTask(`params.cwd of task ${task.id} must be a text, it is ${JSON.stringify(cwd)}`);
  const folder = resolve(workspace, cwd);
  const inside = relative(workspace, folder);
  if (inside === ".." || inside.startsWith("../"))
    throw new BrokenTask(`params.cwd of task ${task.id} leads out of the workspace: ${cwd}`);
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true) throw new BrokenTask(`the folder to run task ${task.id} in does not exist: ${folder}`);
  return folder;
}
