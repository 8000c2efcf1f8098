/** `params` of a task of kind `human`: what is said to the person besides the task's title and description. Other params are left alone. */
import { z } from "zod";

export const HumanParams = z.looseObject({
  /** Why it takes a person. */
  why: z.string().trim().min(1).optional(),
  /** How to do it, step by step. */
  how: z.string().trim().min(1).optional(),
  urgency: z.enum(["low", "normal", "high"]).optional(),
});
export type HumanParams = z.infer<typeof HumanParams>;
