/** What goes over the wire about checkpoints and going back to one. */
import { z } from "@hono/zod-openapi";
import { executionStatuses } from "../domain/execution.ts";

export const RollbackRequest = z
  .object({
    /** The task to go back to. */
    to: z.string().max(500).optional(),
    /** To its end, or to before it began. */
    moment: z.enum(["before", "after"]).default("after"),
    /** Which attempt at it, the last by default. */
    attempt: z.number().int().min(1).optional(),
    /** Only show what would change. */
    dryRun: z.boolean().default(false),
    /** Take the last rollback back instead. */
    undo: z.boolean().default(false),
  })
  .strict()
  .openapi("RollbackRequest");
export type RollbackRequest = z.infer<typeof RollbackRequest>;
export type RollbackInput = z.input<typeof RollbackRequest>;

export const RollbackAnswer = z
  .object({
    executionId: z.string(),
    dryRun: z.boolean(),
    /** Of the execution now; it stays paused after a rollback. */
    status: z.enum(executionStatuses),
    /** Which rollback of the execution this is; null for a dry run. */
    number: z.number().int().nullable(),
    workspace: z.string(),
    /** What happens to the files, the first 1000 of them; line counts are null for binary ones. */
    files: z.array(
      z.object({
        path: z.string(),
        change: z.enum(["added", "deleted", "modified"]),
        insertions: z.number().int().nullable(),
        deletions: z.number().int().nullable(),
      }),
    ),
    fileCount: z.number().int(),
    /** Tasks whose state changes. */
    tasks: z.array(z.object({ id: z.string(), title: z.string(), status: z.string(), becomes: z.string() })),
    /** Events since the checkpoint; they stay in the log. */
    eventsSince: z.number().int(),
  })
  .openapi("RollbackAnswer");
export type RollbackAnswer = z.infer<typeof RollbackAnswer>;

export const CheckpointsAnswer = z
  .object({
    checkpoints: z.array(
      z.object({
        taskId: z.string(),
        attempt: z.number().int(),
        moment: z.enum(["before", "after"]),
        /** The last event before it. */
        seq: z.number().int(),
        at: z.string(),
        workspace: z.string(),
        /** Id of the git tree with its files; null when there is none, and `problem` says why. */
        tree: z.string().nullable(),
        /** The hidden ref that keeps it. */
        ref: z.string().nullable(),
        problem: z.string().nullable(),
        outcome: z.string().nullable(),
      }),
    ),
    rollbacks: z.array(
      z.object({
        number: z.number().int(),
        status: z.enum(["intended", "done", "failed"]),
        target: z.string(),
        at: z.string(),
        undoRef: z.string().nullable(),
      }),
    ),
  })
  .openapi("Checkpoints");
export type CheckpointsAnswer = z.infer<typeof CheckpointsAnswer>;

/** How tasks that run at the same time share a repository; part of the options of a handoff. */
export const WorktreeOptions = z
  .object({
    /** `auto`: a worktree for each task of kind claude when such tasks can run at the same time. */
    mode: z.enum(["auto", "shared", "worktree"]).default("auto"),
    /** Command that makes a new worktree ready, e.g. `npm ci`. */
    bootstrap: z.string().min(1).max(10_000).optional(),
    /** Files and folders of the workspace that git does not have and a worktree needs; `.env` and `.env.local` by default. */
    copy: z.array(z.string().min(1).max(1000)).max(100).optional(),
    /** Command that must succeed on the merged result, besides the tasks' own checks. */
    verify: z.string().min(1).max(10_000).optional(),
    /** Branch to land on, the one that is checked out by default. */
    branch: z.string().min(1).max(250).optional(),
  })
  .strict()
  .openapi("WorktreeOptions");
export type WorktreeOptions = z.infer<typeof WorktreeOptions>;
