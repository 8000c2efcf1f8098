/** What the files of a task were before its first attempt. */

import { realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, relative } from "node:path";
import type { Assignment } from "../executors/executor.ts";
import type { CheckpointStore } from "../store/checkpoints.ts";
import type { GitCall } from "./git.ts";
import { emptyTree, type Snapshots } from "./snapshot.ts";
import { readWorktree } from "./worktree.ts";

export type Baseline = {
  tree: string;
  /** What is called its tree is a commit. */
  isCommit: boolean;
  /** The top of the tree, and the folder of the task in it. */
  top: string;
  inside: string;
  call: GitCall;
  /** An index to begin with and the objects of the repository; `null` where git finds them itself. */
  index: string | null;
  objects: string | null;
  pathspec: string[];
  /** LONGHAUL_HOME below the top, whose files are nobody's work; null when it lies elsewhere. */
  home: string | null;
};

export type FindBaseline = (assignment: Assignment) => Promise<Baseline | undefined>;

/**
 * A worktree begins with its commit; a workspace that tasks share with the checkpoint before the first attempt. A person who answered since
 * has seen what there was: then it is the checkpoint before the first attempt after that.
 * @param directory folder of worktrees
 */
export function createFindBaseline(options: {
  directory: string;
  /** LONGHAUL_HOME. */
  home: string;
  snapshots: Snapshots;
  checkpoints: Pick<CheckpointStore, "firstTree">;
}): FindBaseline {
  const homeIn = async (top: string) => {
    const inside = relative(top, await realpath(options.home));
    return inside.startsWith("..") || isAbsolute(inside) ? null : inside;
  };
  return async ({ executionId, ordinal, workspace, released }) => {
    const worktree = await readWorktree(join(options.directory, executionId, String(ordinal)));
    const real = await realpath(workspace);
    if (worktree !== undefined && (real === worktree.path || dirname(`${real}/`).startsWith(worktree.path))) {
      const { path, commit } = worktree;
      const inside = relative(path, real);
      return {
        tree: commit,
        isCommit: true,
        top: path,
        inside,
        call: { cwd: path },
        index: null,
        objects: null,
        pathspec: [inside === "" ? "." : inside],
        home: null,
      };
    }
    const since = released
      .map(({ at }) => at)
      .toSorted()
      .at(-1);
    const tree = await options.checkpoints.firstTree(executionId, ordinal, since === undefined ? null : new Date(since));
    if (tree === undefined || tree === emptyTree) return undefined;
    const place = await options.snapshots.placeOf(workspace);
    return {
      tree,
      isCommit: false,
      top: place.top,
      inside: relative(place.top, place.workspace),
      call: place.files,
      index: join(place.directory, "index"),
      objects: place.files.environment?.["GIT_OBJECT_DIRECTORY"] ?? null,
      pathspec: place.pathspec,
      home: await homeIn(place.top),
    };
  };
}
