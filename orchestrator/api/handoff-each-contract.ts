/** One template handed off for many entries. */
import { z } from "@hono/zod-openapi";
import { HandoffRequest, HandoffResponse } from "./contract.ts";

const Values = z.record(z.string(), z.string().max(10_000));

export const HandoffEachRequest = HandoffRequest.safeExtend({
  /** One execution for each entry; without it the template's own `forEach` counts. */
  forEach: z.array(Values).min(1).max(1000).optional(),
}).openapi("HandoffEachRequest");
export type HandoffEachRequest = z.infer<typeof HandoffEachRequest>;
export type HandoffEachInput = z.input<typeof HandoffEachRequest>;

export const HandoffEachResponse = z
  .object({ executions: z.array(HandoffResponse.extend({ values: Values })) })
  .openapi("HandoffEachResponse");
export type HandoffEachResponse = z.infer<typeof HandoffEachResponse>;
