/** What makes tests say less than they did, and what a plan may allow. */
import { z } from "@hono/zod-openapi";
import { type TestChange, testChanges } from "../../../plan/test-changes.ts";

export const Finding = z
  .object({
    kind: z.enum(testChanges),
    file: z.string(),
    test: z.string().optional(),
    /** What was found, for whoever has to put it right. */
    message: z.string(),
  })
  .openapi("Finding");
export type Finding = z.infer<typeof Finding>;

/** The task's words: what they say may be done, and to what. */
export type TaskWords = { text: string; allowed: readonly TestChange[]; deletes: readonly string[] };

/** Files of one side, by path; of files that did not change only the path is known. */
export type Side = { changed: ReadonlyMap<string, string>; paths: readonly string[] };
