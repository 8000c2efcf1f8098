/** One task with everything that is known about it: what the plan asks for, what hangs together with it, what became of each attempt. */
import { z } from "@hono/zod-openapi";
import { Task } from "../../plan/model.ts";
import { taskStatuses } from "../domain/task.ts";
import { Evidence } from "./contract.ts";

const Neighbour = z.object({ id: z.string(), title: z.string(), status: z.enum(taskStatuses) }).openapi("NeighbourTask");

export const TaskPage = z
  .object({
    executionId: z.string(),
    taskId: z.string(),
    status: z.enum(taskStatuses),
    attempt: z.number().int(),
    message: z.string().nullable(),
    /** The task as the plan has it. */
    spec: Task,
    dependencies: z.array(Neighbour),
    dependents: z.array(Neighbour),
    /** Of the latest attempt; null before one ended. */
    result: z
      .object({
        summary: z.string().nullable(),
        exitCode: z.number().nullable(),
        sessionId: z.string().nullable(),
        costUsd: z.number().nullable(),
        tokens: z.number().nullable(),
        failureClass: z.string().nullable(),
        evidence: z.array(Evidence),
        logFile: z.string().nullable(),
        isolation: z.string().nullable(),
      })
      .nullable(),
    /** Attempts that failed, the first one first. */
    failures: z.array(
      z.object({
        attempt: z.number().int(),
        nodeId: z.string(),
        failureClass: z.string().nullable(),
        message: z.string().nullable(),
        startedAt: z.string(),
        finishedAt: z.string(),
      }),
    ),
  })
  .openapi("TaskPage");
export type TaskPage = z.infer<typeof TaskPage>;
