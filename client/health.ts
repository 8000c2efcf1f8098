/** Calls about health. */
import type { AlertList } from "../orchestrator/api/health-contract.ts";
import type { Client } from "./client.ts";

/** What of running tasks and disks is out of bounds, of one execution or of all. */
export const alertsOf = (client: Client, executionId?: string): Promise<AlertList> =>
  client.ask({ method: "GET", path: `/api/alerts${executionId === undefined ? "" : `?executionId=${executionId}`}` });
