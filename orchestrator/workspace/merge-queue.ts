/**
 * The merge queue: one line per repository and branch, in this process; its rows are durable (sql/0005), its members are attempts that wait
 * for their commit to land. Whatever waits is merged in plan order into a worktree of the queue's own, checked as a whole there, and
 * published. When the whole fails, halves of it are checked until the first commit is found that breaks it: what comes before lands, it is
 * rejected, what comes after is merged anew without it. A commit that does not merge is left out and told so.
 *
 * Failure story. Nothing is published before its checks passed, and the branch moves by one guarded update. Killed before that: the commits
 * are merged again. Killed after it: they are found on the branch.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { AttemptKey } from "../store/engine.ts";
import type { Git } from "./git.ts";
import { isAncestor, publish, type Target, tipOf } from "./target-branch.ts";
import { addWorktree, readWorktree, type Worktree } from "./worktree.ts";

export type Check = { status: "passed" } | { status: "failed"; message: string } | { status: "interrupted" };

export type Candidate = AttemptKey & {
  title: string;
  /** The commit to land. */
  head: string;
  signal: AbortSignal;
  /** Makes the queue's worktree ready for checks; called when it is new. */
  prepare(worktree: Worktree): Promise<Check>;
  /** Runs the task's checks in the folder, but for commands that are in `done` already, and adds its own there. */
  check(folder: string, done: Set<string>): Promise<Check>;
};

export type LandingEnd =
  | { status: "landed"; merged: string; message: string }
  | { status: "conflict"; files: string[]; diff: string; onto: string }
  | { status: "rejected"; message: string }
  | { status: "interrupted" };

type Waiting = { candidate: Candidate; end(how: LandingEnd): void; fail(error: unknown): void };
type Line = { target: Target; waiting: Waiting[]; moving: boolean };
type Merged = { one: Waiting; commit: string };
type MergeResult = { commit: string } | { files: string[]; diff: string };

const diffBytes = 64 * 1024;

export type MergeQueue = ReturnType<typeof createMergeQueue>;

/** @param directory folder for the queues' own worktrees */
export function createMergeQueue(options: { git: Git; directory: string }) {
  const { git } = options;
  const lines = new Map<string, Line>();

  async function move(line: Line): Promise<void> {
    if (line.moving) return;
    line.moving = true;
    try {
      while (line.waiting.length > 0) {
        const batch = line.waiting.splice(0).sort((a, b) => inOrder(a.candidate, b.candidate));
        await landBatch(line, batch).catch((error: unknown) => batch.forEach((one) => one.fail(error)));
      }
    } finally {
      line.moving = false;
    }
  }

  async function landBatch(line: Line, batch: Waiting[]): Promise<void> {
    const { target } = line;
    const present = batch.filter((one) => !one.candidate.signal.aborted || one.end({ status: "interrupted" }));
    const first = present[0];
    if (first === undefined) return;
    let { tip, also } = await tipOf(git, target);
    const tree = await treeOf(target, tip);
    if (also !== undefined) {
      const joined = await merge(tree.path, tip, also, `Merge ${target.branch} into what landed on it`);
      if (!("commit" in joined)) return present.forEach((one) => one.end({ status: "conflict", ...joined, onto: target.branch }));
      tip = joined.commit;
    }
    const merged: Merged[] = [];
    let current = tip;
    for (const one of present) {
      const { head, title } = one.candidate;
      if (await isAncestor(git, target.common, head, current)) {
        one.end({ status: "landed", merged: current, message: `nothing to add to ${target.branch}` });
        continue;
      }
      const result = await merge(tree.path, current, head, `Land ${title}`);
      if ("commit" in result) merged.push({ one, commit: (current = result.commit) });
      else one.end({ status: "conflict", ...result, onto: target.branch });
    }
    if (merged.length > 0) await publishGood(line, tree, merged);
  }

  async function publishGood(line: Line, tree: Worktree, merged: Merged[]): Promise<void> {
    const { good, failure } = await goodPrefix(tree, merged);
    if (good > 0) {
      const published = await publish(git, line.target, (merged[good - 1] as Merged).commit);
      const where = published.advanced ? line.target.branch : `longhaul/${line.target.branch}, because ${published.why}`;
      for (const { one, commit } of merged.slice(0, good)) {
        one.end({ status: "landed", merged: commit, message: `landed on ${where} as ${commit.slice(0, 10)}` });
      }
    }
    const left = merged.slice(good).map(({ one }) => one);
    if (failure?.status === "failed") left.shift()?.end({ status: "rejected", message: failure.message });
    line.waiting.unshift(...left.filter((one) => !one.candidate.signal.aborted || one.end({ status: "interrupted" })));
  }

  /** How many of the first ones pass together, and what the next one fails with. */
  async function goodPrefix(tree: Worktree, merged: Merged[]): Promise<{ good: number; failure?: Check }> {
    let good = 0;
    let bad = merged.length;
    let failure = await checkPrefix(tree, merged, bad);
    if (failure.status === "passed") return { good: bad };
    while (failure.status === "failed" && bad - good > 1) {
      const middle = Math.floor((good + bad) / 2);
      const result = await checkPrefix(tree, merged, middle);
      if (result.status === "passed") good = middle;
      else [bad, failure] = [middle, result];
    }
    return { good, failure };
  }

  async function checkPrefix(tree: Worktree, merged: Merged[], count: number): Promise<Check> {
    await reset(tree.path, (merged[count - 1] as Merged).commit);
    const done = new Set<string>();
    for (const { one } of merged.slice(0, count)) {
      if (one.candidate.signal.aborted) return { status: "interrupted" };
      if (!tree.ready) {
        const prepared = await one.candidate.prepare(tree);
        if (prepared.status !== "passed") return prepared;
        tree.ready = true;
      }
      const result = await one.candidate.check(tree.path, done);
      if (result.status !== "passed") return result;
    }
    return { status: "passed" };
  }

  async function reset(folder: string, commit: string): Promise<void> {
    await git.run(["reset", "--hard", "--quiet", commit], { cwd: folder });
    await git.run(["clean", "-fdq"], { cwd: folder });
  }

  async function merge(folder: string, onto: string, head: string, message: string): Promise<MergeResult> {
    await reset(folder, onto);
    const { code } = await git.run(["merge", "--no-ff", "--no-verify", "--quiet", "-m", message, head], {
      cwd: folder,
      accept: [0, 1],
    });
    if (code === 0) return { commit: await git.text(["rev-parse", "HEAD"], { cwd: folder }) };
    const files = (
      await git.text(["diff", "--no-ext-diff", "--no-textconv", "--name-only", "--diff-filter=U", "-z"], { cwd: folder })
    )
      .split("\0")
      .filter(Boolean);
    const diff = (await git.text(["diff", "--no-ext-diff", "--no-textconv"], { cwd: folder })).slice(0, diffBytes);
    await git.run(["reset", "--hard", "--quiet", onto], { cwd: folder });
    return { files, diff };
  }

  async function treeOf(target: Target, tip: string): Promise<Worktree> {
    const name = createHash("sha256").update(`${target.common}\0${target.branch}`).digest("hex").slice(0, 24);
    const path = join(options.directory, `queue-${name}`);
    const known = await readWorktree(path);
    return known ?? addWorktree(git, { common: target.common, from: target.top, path, commit: tip, copy: undefined });
  }

  return {
    /** Resolves once the commit is on the branch, or will not get there. Rejects when git does. */
    land(target: Target, candidate: Candidate): Promise<LandingEnd> {
      const key = `${target.common}\0${target.branch}`;
      const line = lines.get(key) ?? { target, waiting: [], moving: false };
      lines.set(key, line);
      return new Promise((end, fail) => {
        line.waiting.push({ candidate, end, fail });
        candidate.signal.addEventListener("abort", () => end({ status: "interrupted" }), { once: true });
        void move(line);
      });
    },
  };
}

/** Executions in order of their handoff, tasks in order of the plan. */
function inOrder(a: Candidate, b: Candidate): number {
  return a.executionId === b.executionId ? a.ordinal - b.ordinal : a.executionId < b.executionId ? -1 : 1;
}
