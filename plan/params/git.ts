/** `params` of a task of kind `git`: one action on a repository of the workspace. */
import { z } from "zod";
import { insidePath, truth } from "./scalars.ts";

/** What git would take for an option, or for more than one name, is none. */
const refName = z
  .string()
  .max(200)
  .regex(/^(?!-)(?!.*(?:\.\.|\/\/|@\{|\.lock$))[\w./+@-]+$/, "is not the name of a branch, tag or remote");

const where = { cwd: z.string().optional() };

export const GitParams = z.discriminatedUnion("action", [
  z.strictObject({
    ...where,
    action: z.literal("create"),
    branch: refName.default("main"),
    /** Also makes it at GitHub and names it `origin`. */
    github: z
      .strictObject({
        name: z.string().regex(/^[\w.-]{1,100}$/, "is not the name of a repository"),
        /** An organisation; the owner of the token without it. */
        owner: z
          .string()
          .regex(/^[\w.-]{1,100}$/)
          .optional(),
        private: truth.default(true),
        description: z.string().max(350).optional(),
      })
      .optional(),
  }),
  z.strictObject({
    ...where,
    action: z.literal("commit"),
    message: z.string().trim().min(1),
    /** What to commit; everything that changed without it. */
    paths: z.array(insidePath).min(1).optional(),
  }),
  z.strictObject({
    ...where,
    action: z.literal("push"),
    remote: refName.default("origin"),
    /** The branch that is checked out without it. */
    branch: refName.optional(),
    tags: truth.default(false),
    /** The name of a secret that opens the remote over https. */
    token: z
      .string()
      .regex(/^[A-Za-z_]\w*$/, "is the name of a secret, without ${secret:}")
      .optional(),
  }),
  z.strictObject({ ...where, action: z.literal("tag"), name: refName, message: z.string().trim().min(1).optional() }),
]);
export type GitParams = z.infer<typeof GitParams>;
