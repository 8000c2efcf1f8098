/** `params` of a task of kind `content`: a text that a model writes. Without a prompt the task's title and description are one. */
import { z } from "zod";
import { insidePath, whole } from "./scalars.ts";

export const ContentParams = z.strictObject({
  prompt: z.string().trim().min(1).optional(),
  /** What the text must be like, besides what is always said. */
  system: z.string().trim().min(1).optional(),
  /** Files of the workspace that the model may draw on. */
  files: z.array(insidePath).max(20).default([]),
  /** The node's without it. */
  model: z.string().trim().min(1).max(200).optional(),
  mostTokens: whole(1, 64_000).default(4096),
  /** A file of the workspace for the text; it is an artifact in any case. */
  saveAs: insidePath.optional(),
});
export type ContentParams = z.infer<typeof ContentParams>;
