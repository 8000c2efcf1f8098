/**
 * Worktrees of the user's repository under `LONGHAUL_HOME/worktrees`: one for each task that works beside others, one for merging. They are
 * on no branch, so the list of branches stays the user's; what matters in them is kept by hidden refs.
 */
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { Git } from "./git.ts";

export type Worktree = {
  path: string;
  /** What it was made from. */
  commit: string;
  /** A port that was free when the worktree was made. */
  port: number;
  /** Whether it was made ready. */
  ready: boolean;
};

const defaultCopies = [".env", ".env.local"];

/** @param path of the worktree; what is known about it lies beside it */
export async function readWorktree(path: string): Promise<Worktree | undefined> {
  if (!existsSync(join(path, ".git"))) return undefined;
  const text = await readFile(`${path}.json`, "utf8").catch(() => "");
  return text === "" ? undefined : ({ ...(JSON.parse(text) as Worktree), path } satisfies Worktree);
}

/**
 * Makes a worktree at a commit, in place of one that is there, and copies files into it that git does not have.
 * @param from the user's worktree, where `copy` is looked up
 */
export async function addWorktree(
  git: Git,
  options: { common: string; from: string; path: string; commit: string; copy: readonly string[] | undefined },
): Promise<Worktree> {
  const { common, from, path, commit } = options;
  await removeWorktree(git, common, path);
  await mkdir(dirname(path), { recursive: true, mode: 0o711 });
  await git.run(["worktree", "add", "--force", "--detach", "--quiet", path, commit], { cwd: common, timeoutMs: 300_000 });
  for (const name of options.copy ?? defaultCopies) {
    const inside = relative(from, resolve(from, name));
    if (inside === "" || inside.startsWith("..") || isAbsolute(inside))
      throw new Error(`worktrees.copy: '${name}' leads out of the workspace`);
    if (existsSync(join(from, inside)) && !existsSync(join(path, inside)))
      await cp(join(from, inside), join(path, inside), { recursive: true });
  }
  const worktree = { path: await realpath(path), commit, port: await freePort(), ready: false };
  await writeWorktree(worktree);
  return worktree;
}

export const writeWorktree = (worktree: Worktree): Promise<void> =>
  writeFile(`${worktree.path}.json`, `${JSON.stringify(worktree)}\n`, { mode: 0o600 });

export async function removeWorktree(git: Git, common: string, path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await rm(`${path}.json`, { force: true });
  await git.run(["worktree", "prune"], { cwd: common });
}

/** Commits everything that is not ignored, on top of what was committed there. Returns the worktree's head. */
export async function commitAll(git: Git, path: string, message: string): Promise<string> {
  await git.run(["add", "-A"], { cwd: path });
  const { code } = await git.run(["diff", "--no-ext-diff", "--no-textconv", "--cached", "--quiet"], {
    cwd: path,
    accept: [0, 1],
  });
  if (code === 1) await git.run(["commit", "--quiet", "--no-verify", "-m", message], { cwd: path });
  return git.text(["rev-parse", "HEAD"], { cwd: path });
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.on("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => found(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
