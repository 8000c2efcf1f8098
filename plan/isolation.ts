/** What a task may ask about how it is held; the words are those of `longhaul doctor`. */
import { z } from "zod";

/** From the weakest to the strongest. */
export const isolationLevels = ["process", "contained", "sandboxed", "container"] as const;
export const IsolationLevel = z.enum(isolationLevels);
export type IsolationLevel = z.infer<typeof IsolationLevel>;

const Path = z.string().regex(/^(\/|~\/)/, "must be an absolute path or start with ~/");

export const IsolationRequest = z.strictObject({
  /** Exactly this level, or the task is refused; without it the node's default. */
  level: IsolationLevel.optional(),
  network: z.enum(["open", "none"]).optional(),
  /** Folders besides the workspace that the task may change. */
  writable: z.array(Path).optional(),
  /** Credentials below the home folder that it may read although they are hidden by default. */
  reveal: z.array(Path).optional(),
  /** Image of level `container`. */
  image: z.string().min(1).optional(),
});
export type IsolationRequest = z.infer<typeof IsolationRequest>;

/** `isolation: "sandboxed"` says the same as `isolation: {level: "sandboxed"}`. */
export const IsolationField = z.union([IsolationLevel, IsolationRequest]);

/** Either way of writing it as a record; empty when the task asks for nothing. */
export function isolationRequest(field: z.infer<typeof IsolationField> | undefined): IsolationRequest {
  return typeof field === "string" ? { level: field } : (field ?? {});
}
