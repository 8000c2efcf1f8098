/** The tool `control`: everything a person can do to an execution, also where no dialog can be shown. */
import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { rollBack } from "../client/workspace.ts";
import type { RollbackAnswer } from "../orchestrator/api/workspace-contract.ts";
import type { Bridge } from "./bridge.ts";
import { controlActions, executionStatuses } from "./execution-words.ts";
import { success, toolResult } from "./tool-result.ts";

const description = `Change a running or ended execution; only when the user wants it.
pause: start no further tasks (running ones end). resume: go on. cancel: stop for good, running tasks are killed. retry: run failed and cancelled tasks again, or one with taskId; with fromTask that task and everything that hangs on it, also what succeeded. skip: leave out the task taskId, its dependents go on. rollback: put files and tasks back to where they were when taskId completed; show the user the answer with dryRun first, then repeat it with dryRun false; the execution is paused then. With undo the last rollback is taken back.`;

const ControlArguments = z
  .object({
    executionId: z.string().min(1).max(200).describe("As returned by handoff or list"),
    action: z.enum([...controlActions, "rollback"]),
    taskId: z.string().min(1).max(200).optional().describe("The task to retry, skip or roll back to; skip needs it"),
    fromTask: z.string().min(1).max(200).optional().describe("With retry: run this task and all that hangs on it again"),
    dryRun: z.boolean().default(true).describe("With rollback: only say what would change"),
    undo: z.boolean().default(false).describe("With rollback: take the last one back, without taskId"),
    reason: z.string().max(1000).optional().describe("Kept in the event log"),
  })
  .strict()
  .refine(({ action, taskId }) => action !== "skip" || taskId !== undefined, { message: "skip needs taskId" });

const ControlOutcome = z.object({
  summary: z.string(),
  executionId: z.string(),
  status: z.enum(executionStatuses),
  changed: z.boolean().describe("False when it was in that state already"),
  affectedTasks: z.number().int(),
  files: z.array(z.string()).optional().describe("With rollback: the first files that change"),
  fileCount: z.number().int().optional(),
});

const doneWord = { pause: "Paused", resume: "Resumed", cancel: "Cancelled", retry: "Retrying", skip: "Skipped" } as const;

export function registerControl(server: McpServer, bridge: Bridge): void {
  server.registerTool(
    "control",
    {
      title: "Control an execution",
      description,
      inputSchema: ControlArguments,
      outputSchema: ControlOutcome,
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    ({ executionId, action, taskId, fromTask, dryRun, undo, reason }, context) =>
      toolResult(async () => {
        const client = await bridge.client();
        if (action === "rollback") {
          const to = taskId === undefined ? {} : { to: taskId };
          return rolledBack(await rollBack(client, executionId, { ...to, undo, dryRun }, { signal: context.mcpReq.signal }));
        }
        const answer = await client.control(
          executionId,
          {
            action,
            ...(taskId === undefined ? {} : { taskId }),
            ...(fromTask === undefined ? {} : { fromTask }),
            ...(reason === undefined ? {} : { reason }),
          },
          { signal: context.mcpReq.signal },
        );
        const { status, changed, affectedTasks } = answer;
        return success({
          summary: changed
            ? `${doneWord[action]}${taskId === undefined ? "" : ` task ${taskId} of`} execution ${executionId}; it is ${status} now.`
            : `Nothing to ${action}: execution ${executionId} is ${status}.`,
          executionId,
          status,
          changed,
          affectedTasks: affectedTasks.length,
        });
      }),
  );
}

const shownFiles = 30;

function rolledBack({ executionId, status, dryRun, files, fileCount, tasks }: RollbackAnswer) {
  const what = `${fileCount} file(s) and ${tasks.length} task(s)`;
  return success({
    summary: dryRun
      ? `Nothing was changed. A rollback of execution ${executionId} would change ${what}.`
      : `Rolled back execution ${executionId}: ${what}; it is ${status} now. resume goes on, undo takes it back.`,
    executionId,
    status,
    changed: !dryRun,
    affectedTasks: tasks.length,
    files: files.slice(0, shownFiles).map((file) => `${file.change} ${file.path}`),
    fileCount,
  });
}
