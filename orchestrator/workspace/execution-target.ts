/**
 * Which branch the worktrees of an execution land on: decided once, when its first task gets one, and kept in a file, so that it stays the
 * same when the user checks another branch out.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Git } from "./git.ts";
import { findTarget, publish, type Target, tipOf } from "./target-branch.ts";

export type ExecutionTargets = ReturnType<typeof createExecutionTargets>;

export function createExecutionTargets(git: Git, directory: string) {
  const fileOf = (executionId: string) => join(directory, executionId, "target.json");

  async function known(executionId: string): Promise<Target | undefined> {
    const file = fileOf(executionId);
    return existsSync(file) ? (JSON.parse(await readFile(file, "utf8")) as Target) : undefined;
  }

  async function find(executionId: string, workspace: string, branch: string | undefined): Promise<Target | undefined> {
    const decided = await known(executionId);
    if (decided !== undefined) return decided;
    const target = await findTarget(git, workspace, branch);
    if (target === undefined) return undefined;
    await mkdir(join(directory, executionId), { recursive: true, mode: 0o711 });
    // Of tasks that start together the first one decides.
    await writeFile(fileOf(executionId), JSON.stringify(target), { flag: "wx", mode: 0o600 }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
      },
    );
    return (await known(executionId)) ?? target;
  }

  return {
    find,
    known,
    /** Where the branch stands that this execution lands on; undefined when none of its tasks had a worktree. */
    async tip(executionId: string): Promise<string | undefined> {
      const target = await known(executionId);
      return target === undefined ? undefined : (await tipOf(git, target)).tip;
    },
    /** Gives the branch the files that it had at a commit, as a commit on top: history stays. Repeating it changes nothing. */
    async returnTo(executionId: string, commit: string): Promise<void> {
      const target = await known(executionId);
      if (target === undefined) return;
      const { tip } = await tipOf(git, target);
      const call = { cwd: target.common };
      const tree = await git.text(["rev-parse", `${commit}^{tree}`], call);
      if ((await git.text(["rev-parse", `${tip}^{tree}`], call)) === tree) return;
      const message = `Go back to ${commit.slice(0, 12)}`;
      await publish(git, target, await git.text(["commit-tree", "-p", tip, "-m", message, tree], call));
    },
  };
}
