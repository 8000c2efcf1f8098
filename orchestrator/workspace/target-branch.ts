/**
 * The branch that tasks land on. What is merged goes to `longhaul/<branch>` first, with the value it had as a condition; then the branch
 * itself follows by fast-forward where that disturbs nobody: it is checked out nowhere, or its worktree has no uncommitted changes. Where it
 * may not, the result stays on `longhaul/<branch>` until the next landing, or until the user merges it.
 */
import { type Git, GitError } from "./git.ts";

/** A repository of the user's: `top` is a worktree of it, `common` its git directory, `branch` the target. */
export type Target = { top: string; common: string; branch: string };

export type Published = { commit: string; advanced: boolean; why?: string };

/** @returns undefined when the folder is in no repository with a commit, or on no branch and none is asked for */
export async function findTarget(git: Git, workspace: string, asked: string | undefined): Promise<Target | undefined> {
  const found = await git.run(["rev-parse", "--path-format=absolute", "--show-toplevel", "--git-common-dir"], {
    cwd: workspace,
    accept: [0, 128],
  });
  const [top, common] = found.stdout.toString().trimEnd().split("\n");
  if (found.code !== 0 || top === undefined || common === undefined) return undefined;
  const head = await git.run(["symbolic-ref", "--quiet", "--short", "HEAD"], { cwd: top, accept: [0, 1, 128] });
  const branch = asked ?? head.stdout.toString().trim();
  if (branch === "") return undefined;
  return (await commitOf(git, common, `refs/heads/${branch}`)) === undefined ? undefined : { top, common, branch };
}

async function commitOf(git: Git, repository: string, name: string): Promise<string | undefined> {
  const { code, stdout } = await git.run(["rev-parse", "--verify", "--quiet", `${name}^{commit}`], {
    cwd: repository,
    accept: [0, 1, 128],
  });
  return code === 0 ? stdout.toString().trim() : undefined;
}

const landingRef = (target: Target): string => `refs/heads/longhaul/${target.branch}`;

export async function isAncestor(git: Git, repository: string, ancestor: string, of: string): Promise<boolean> {
  return (await git.run(["merge-base", "--is-ancestor", ancestor, of], { cwd: repository, accept: [0, 1] })).code === 0;
}

/**
 * Where the next landing starts: the newer of the branch and what landed. `also` is the branch where both have commits of their own: it
 * has to be merged first.
 */
export async function tipOf(git: Git, target: Target): Promise<{ tip: string; also?: string }> {
  const { common } = target;
  const branch = await commitOf(git, common, `refs/heads/${target.branch}`);
  if (branch === undefined) throw new Error(`the branch ${target.branch} of ${target.top} is gone`);
  const landed = await commitOf(git, common, landingRef(target));
  if (landed === undefined || (await isAncestor(git, common, landed, branch))) return { tip: branch };
  return (await isAncestor(git, common, branch, landed)) ? { tip: landed } : { tip: landed, also: branch };
}

/** Moves what landed to the commit, and the branch with it where it may. */
export async function publish(git: Git, target: Target, commit: string): Promise<Published> {
  const { common } = target;
  const old = await commitOf(git, common, landingRef(target));
  await git.run(["update-ref", landingRef(target), commit, old ?? ""], { cwd: common });
  const why = await advance(git, target, commit);
  if (why !== undefined) return { commit, advanced: false, why };
  await git.run(["update-ref", "-d", landingRef(target), commit], { cwd: common, accept: [0, 1, 128] });
  return { commit, advanced: true };
}

/** @returns why the branch stays where it is */
async function advance(git: Git, target: Target, commit: string): Promise<string | undefined> {
  const { common, branch } = target;
  const name = `refs/heads/${branch}`;
  const old = await commitOf(git, common, name);
  if (old === commit) return undefined;
  if (old === undefined || !(await isAncestor(git, common, old, commit))) return `${branch} has commits of its own`;
  const worktree = await checkedOutAt(git, common, name);
  if (worktree === undefined) {
    await git.run(["update-ref", name, commit, old], { cwd: common });
    return undefined;
  }
  const changes = await git.text(["status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all"], { cwd: worktree });
  if (changes !== "") return `${branch} is checked out at ${worktree} with uncommitted changes`;
  try {
    await git.run(["merge", "--ff-only", "--quiet", commit], { cwd: worktree });
    return undefined;
  } catch (error) {
    if (error instanceof GitError) return `${branch} cannot be moved at ${worktree}: ${error.stderr.trim().slice(0, 300)}`;
    throw error;
  }
}

async function checkedOutAt(git: Git, common: string, name: string): Promise<string | undefined> {
  const list = (await git.text(["worktree", "list", "--porcelain", "-z"], { cwd: common })).split("\0\0");
  const found = list.find((entry) => entry.split("\0").includes(`branch ${name}`));
  return found === undefined ? undefined : /(?:^|\0)worktree ([^\0]*)/.exec(found)?.[1];
}
