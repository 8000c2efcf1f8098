/** What the API says about budgets, and how a person allows more. */
import { z } from "@hono/zod-openapi";

export const BudgetQuery = z.object({ taskId: z.string().min(1).max(200).optional() });

export const BudgetReport = z
  .object({
    executionId: z.string(),
    budgets: z.array(
      z.object({
        scope: z.enum(["task", "plan", "day"]),
        metric: z.enum(["usd", "tokens", "seconds"]),
        spent: z.number(),
        allowed: z.number(),
      }),
    ),
  })
  .openapi("BudgetReport");
export type BudgetReport = z.infer<typeof BudgetReport>;

export const BudgetRequest = z
  .object({
    /** What the plan, or the task, may spend in all; what is left out stays as it is. */
    usd: z.number().positive().optional(),
    tokens: z.number().int().positive().optional(),
    /** Time that its tasks run, added up. */
    wallSeconds: z.number().positive().optional(),
    taskId: z.string().min(1).max(200).optional(),
  })
  .strict()
  .refine(({ usd, tokens, wallSeconds }) => usd !== undefined || tokens !== undefined || wallSeconds !== undefined, {
    message: "give at least one of usd, tokens and wallSeconds",
  })
  .openapi("BudgetRequest");
export type BudgetRequest = z.infer<typeof BudgetRequest>;

export const BudgetAnswer = BudgetReport.extend({ released: z.array(z.string()) }).openapi("BudgetAnswer");
export type BudgetAnswer = z.infer<typeof BudgetAnswer>;
