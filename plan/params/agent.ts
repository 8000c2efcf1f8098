/** Parameters of a task of kind `agent`: those about agents; whatever else stands there is for the agent. */
import { z } from "zod";

export const AgentParams = z.looseObject({
  /** It goes to an agent that has all of them. */
  capabilities: z
    .array(z.string().regex(/^[\w.:/+-]{1,100}$/, "a capability is a word of letters, digits and . : / + - _"))
    .max(100)
    .default([]),
  /** What happens when its agent gives no sign of life. */
  onSilent: z.enum(["block", "reassign"]).default("block"),
  /** Whether the agent is told where the workspace is. */
  workspace: z.enum(["none", "shared", "worktree"]).optional(),
});
export type AgentParams = z.infer<typeof AgentParams>;
