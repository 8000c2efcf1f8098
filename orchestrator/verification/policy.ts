/** What is verified beyond the checks that a plan names, and the variables that say so. */
import { z } from "zod";

/** Part of the environment's schema. */
export const verificationVariables = {
  LONGHAUL_TESTS: z.enum(["all", "touched", "none"]).default("all"),
  LONGHAUL_CHECKLISTS: z.enum(["ask", "skip"]).default("ask"),
  LONGHAUL_REVIEW: z.enum(["never", "always"]).default("never"),
};

export type VerificationPolicy = Readonly<{
  /** Which of the project's own tests are run for a session's task that has no check of its own. */
  tests: "all" | "touched" | "none";
  /** Whether a person goes through criteria that nothing can check. */
  checklists: "ask" | "skip";
  /** Whether a second session looks at what a session did. */
  review: "never" | "always";
}>;

export const verificationPolicyOf = (values: z.infer<z.ZodObject<typeof verificationVariables>>): VerificationPolicy =>
  Object.freeze({ tests: values.LONGHAUL_TESTS, checklists: values.LONGHAUL_CHECKLISTS, review: values.LONGHAUL_REVIEW });
