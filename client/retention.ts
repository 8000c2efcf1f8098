/** Letting go of what ended long ago. */
import type { PruneAnswer, PruneRequest } from "../orchestrator/api/retention-contract.ts";
import type { Client } from "./client.ts";

export const prune = (client: Client, body: PruneRequest): Promise<PruneAnswer> =>
  client.ask({ method: "POST", path: "/api/prune", body });
