/** Handing off a template for many entries. */
import type { HandoffEachInput, HandoffEachResponse } from "../orchestrator/api/handoff-each-contract.ts";
import type { Client } from "./client.ts";

export const handoffEach = (client: Client, body: HandoffEachInput): Promise<HandoffEachResponse> =>
  client.ask({ method: "POST", path: "/api/executions/each", body });
