/** What a change of tests is judged by. */
import type { TestChange } from "../../../plan/test-changes.ts";

/** The task's words: what they say may be done, and to what. */
export type TaskWords = { text: string; allowed: readonly TestChange[]; deletes: readonly string[] };

/** Files of one side, by path; of files that did not change only the path is known. */
export type Side = { changed: ReadonlyMap<string, string>; paths: readonly string[] };
