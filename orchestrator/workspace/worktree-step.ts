/**
 * The step that gives a task a worktree of its own and lands what it did there. The task succeeds only when its commit is on the branch.
 *
 * Failure story. Everything can be done again: the worktree is there or is made, what is committed stays committed, the landing's row says
 * how far it got. A conflict holds the task for a person; what they commit in the worktree is landed when they say that it is done, without
 * running the task again.
 */
import { mkdir, realpath, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { AttemptRun, AttemptStep } from "../attempt-step.ts";
import type { Assignment, AttemptContext, Executor, Outcome } from "../executors/executor.ts";
import type { LandingStore, WorkShape } from "../store/landings.ts";
import type { ExecutionTargets } from "./execution-target.ts";
import type { Git } from "./git.ts";
import type { Check, LandingEnd, MergeQueue } from "./merge-queue.ts";
import { canOverlap } from "./parallel.ts";
import { type Target, tipOf } from "./target-branch.ts";
import { addWorktree, commitAll, readWorktree, type Worktree, writeWorktree } from "./worktree.ts";

export type WorktreeStepOptions = {
  git: Git;
  /** Folder for worktrees. */
  directory: string;
  landings: LandingStore;
  targets: ExecutionTargets;
  queue: MergeQueue;
  shell: Executor;
};

const conflict = "conflict";

export function worktrees(options: WorktreeStepOptions): AttemptStep {
  const { git, landings } = options;
  const shapes = new Map<string, WorkShape>();

  async function shapeOf(executionId: string): Promise<WorkShape> {
    const shape = shapes.get(executionId) ?? (await landings.shape(executionId));
    shapes.set(executionId, shape);
    if (shapes.size > 200) shapes.delete(shapes.keys().next().value as string);
    return shape;
  }

  /** The command's outcome, when it is not a success. */
  async function command(
    text: string,
    name: string,
    assignment: Assignment,
    context: AttemptContext,
  ): Promise<Outcome | undefined> {
    const directory = join(context.directory, name);
    await mkdir(directory, { recursive: true });
    const outcome = await options.shell.run(
      { ...assignment, adopted: false, task: { ...assignment.task, kind: "shell", params: { command: text } } },
      { signal: context.signal, directory, recordedOffset: 0, record: () => Promise.resolve() },
    );
    return outcome.status === "succeeded" ? undefined : outcome;
  }

  async function openWorktree(assignment: Assignment, shape: WorkShape, target: Target): Promise<Worktree | undefined> {
    const path = join(options.directory, assignment.executionId, String(assignment.ordinal));
    const known = await readWorktree(path);
    const goesOn = assignment.adopted || assignment.released.length > 0 || assignment.previousSessionId !== undefined;
    if (known !== undefined && goesOn) return known;
    if (assignment.adopted) return undefined;
    if (known !== undefined) {
      const left = await commitAll(git, known.path, `Left behind by an earlier attempt at ${assignment.taskId}`);
      await git.run(["update-ref", refOf(assignment, "discarded"), left], { cwd: target.common });
    }
    const { tip } = await tipOf(git, target);
    return addWorktree(git, { common: target.common, from: target.top, path, commit: tip, copy: shape.worktrees?.copy });
  }

  return async (assignment, context, next) => {
    const shape = await shapeOf(assignment.executionId);
    const wanted = wantsWorktree(assignment, shape);
    if (wanted === "no") return next(assignment, context);
    const target = await options.targets.find(assignment.executionId, assignment.workspace, shape.worktrees?.branch);
    if (target === undefined) {
      if (wanted === "when possible") return next(assignment, context);
      const message = `a worktree was asked for, but ${assignment.workspace} is no git repository with a commit on a branch${shape.worktrees?.branch === undefined ? "" : ` ${shape.worktrees.branch}`}`;
      return { status: "failed", failureClass: "permanent", message };
    }
    const worktree = await openWorktree(assignment, shape, target);
    if (worktree === undefined) return next(assignment, context); // an earlier orchestrator had it and never came as far as this
    const workspace = join(worktree.path, relative(target.top, await realpath(assignment.workspace)));
    const inside: Assignment = { ...assignment, workspace, environment: { PORT: String(worktree.port) } };
    const bootstrap = shape.worktrees?.bootstrap;
    if (!worktree.ready && bootstrap !== undefined) {
      const outcome = await command(bootstrap, "bootstrap", inside, context);
      if (outcome !== undefined) return { ...outcome, message: `worktrees.bootstrap: ${outcome.message}` };
      await writeWorktree({ ...worktree, ready: true });
    }
    const outcome = await runOrTakeResolution(inside, context, next);
    if (outcome.status !== "succeeded") return outcome;
    return landWork(inside, context, outcome, { target, worktree, shape });
  };

  async function runOrTakeResolution(assignment: Assignment, context: AttemptContext, next: AttemptRun): Promise<Outcome> {
    const answered = assignment.released.some((one) => one.name === conflict);
    if (answered && (await landings.lastStatus(assignment)) === "conflict") {
      return { status: "succeeded", message: "a person resolved the conflict" };
    }
    return next(assignment, context);
  }

  async function landWork(
    assignment: Assignment,
    context: AttemptContext,
    outcome: Outcome,
    place: { target: Target; worktree: Worktree; shape: WorkShape },
  ): Promise<Outcome> {
    const { target, worktree, shape } = place;
    const { task, planTitle } = assignment;
    const head = await commitAll(git, worktree.path, `${task.title}\n\nTask ${task.id} of ${planTitle}`);
    await git.run(["update-ref", refOf(assignment, "head"), head], { cwd: target.common });
    const known = await landings.queue(assignment, target.common, target.branch, head);
    if (known.status === "landed") return { ...outcome, message: `${outcome.message}; ${known.message ?? "landed"}` };
    const verify = shape.worktrees?.verify;
    const bootstrap = shape.worktrees?.bootstrap;
    const checks = task.verification.flatMap((one) =>
      one.test === "auto" && one.command !== undefined && !one.anti ? [one.command] : [],
    );
    const run = async (text: string, name: string, folder: string): Promise<Check> => {
      const bad = await command(text, name, { ...assignment, workspace: folder }, context);
      if (bad === undefined) return { status: "passed" };
      if (bad.status !== "failed" || bad.failureClass === "ambiguous") return { status: "interrupted" };
      return { status: "failed", message: `on the merged result, ${text}: ${bad.message}` };
    };
    let round = 0;
    const end = await options.queue.land(target, {
      ...assignment,
      title: `${task.id}: ${task.title}`,
      head,
      signal: context.signal,
      prepare: (tree) =>
        bootstrap === undefined ? Promise.resolve({ status: "passed" }) : run(bootstrap, "landing-bootstrap", tree.path),
      async check(folder, done) {
        round += 1;
        for (const [index, text] of [...checks, ...(verify === undefined ? [] : [verify])].entries()) {
          if (done.has(text)) continue;
          done.add(text);
          const result = await run(text, `landing-${round}-${index + 1}`, folder);
          if (result.status !== "passed") return result;
        }
        return { status: "passed" };
      },
    });
    return judge(assignment, context, outcome, { end, target, worktree });
  }

  async function judge(
    assignment: Assignment,
    context: AttemptContext,
    outcome: Outcome,
    place: { end: LandingEnd; target: Target; worktree: Worktree },
  ): Promise<Outcome> {
    const { end, target, worktree } = place;
    if (end.status === "interrupted") {
      return {
        ...outcome,
        status: context.signal.reason === "detach" ? "detached" : "cancelled",
        message: "stopped while it waited to land",
      };
    }
    if (end.status === "landed") {
      await landings.end(assignment, { status: "landed", merged: end.merged, message: end.message });
      return { ...outcome, message: `${outcome.message}; ${end.message}` };
    }
    if (end.status === "rejected") {
      await landings.end(assignment, { status: "rejected", merged: null, message: end.message });
      return { ...outcome, status: "failed", failureClass: "verification", message: end.message };
    }
    const diffFile = join(context.directory, "conflict.diff");
    await writeFile(diffFile, `${end.diff}\n`, { mode: 0o600 });
    const message = `does not merge onto ${end.onto}: ${end.files.slice(0, 5).join(", ")}`;
    await landings.end(assignment, { status: "conflict", merged: null, message });
    const merge = `git -C ${worktree.path} merge ${await onto(target)}`;
    return {
      ...outcome,
      status: "held",
      message,
      hold: {
        name: conflict,
        waitFor: "human",
        onDone: "continue",
        detail: {
          what: `Resolve the conflict of task ${assignment.taskId} with ${target.branch}`,
          how: `${merge}, resolve and commit there; then say that it is done, and it lands.`,
          worktree: worktree.path,
          branch: target.branch,
          files: end.files,
          diff: end.diff.slice(0, 16_000),
          diffFile,
        },
      },
    };
  }

  async function onto(target: Target): Promise<string> {
    return (await tipOf(git, target)).tip.slice(0, 12);
  }
}

const refOf = ({ executionId, ordinal, attempt }: Assignment, what: string): string =>
  `refs/longhaul/${executionId}/${ordinal}-${attempt}-${what}`;

function wantsWorktree({ task }: Assignment, shape: WorkShape): "no" | "yes" | "when possible" {
  const own = task.params["workspace"];
  if (own === "shared") return "no";
  if (own === "worktree") return "yes";
  const mode = shape.worktrees?.mode ?? "auto";
  if (mode === "worktree") return "yes";
  const beside =
    mode === "auto" && task.kind === "claude" && shape.maxRunning > 1 && canOverlap("claude", shape.kinds, shape.edges);
  return beside ? "when possible" : "no";
}
