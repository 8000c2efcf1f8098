/** Which files a check ran on: the commit that is checked out, and the hash of the tree as it lies there, untracked files included. */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Git, GitError } from "../workspace/git.ts";

/** Both null outside a git repository; `commit` null before the first commit. */
export type TreeState = { commit: string | null; tree: string | null };

/**
 * Hashes the tree through an index and an object store of its own, so that nothing of the repository changes. Ignored files do not count.
 * A tree that git cannot read is null: the evidence then says less, and the check itself still counts.
 */
export async function treeState(git: Git, folder: string): Promise<TreeState> {
  const scratch = await mkdtemp(join(tmpdir(), "longhaul-tree-"));
  try {
    const places = await git.text(["rev-parse", "--git-path", "index", "--git-path", "objects", "--show-toplevel"], {
      cwd: folder,
    });
    const [index = "", objects = "", top = folder] = places.split("\n");
    const { code, stdout } = await git.run(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], {
      cwd: folder,
      accept: [0, 1, 128],
    });
    await copyFile(resolve(folder, index), join(scratch, "index")).catch(() => undefined); // no index yet: git makes one
    const environment = {
      GIT_INDEX_FILE: join(scratch, "index"),
      GIT_OBJECT_DIRECTORY: scratch,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: resolve(folder, objects),
    };
    await git.run(["add", "-A", "--ignore-errors"], { cwd: top, environment, accept: [0, 1] });
    return {
      commit: code === 0 ? stdout.toString().trim() : null,
      tree: await git.text(["write-tree"], { cwd: top, environment }),
    };
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    return { commit: null, tree: null };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
