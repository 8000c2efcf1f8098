/** Calls about builds: from one sentence to a running service. */
import type { BuildInput, BuildStarted, BuildStatus } from "../orchestrator/api/build-contract.ts";
import type { ControlResponse } from "../orchestrator/api/contract.ts";
import type { Client } from "./client.ts";

const path = (id: string) => `/executor/builds/${encodeURIComponent(id)}`;

export const startBuild = (client: Client, body: BuildInput): Promise<BuildStarted> =>
  client.ask({ method: "POST", path: "/executor/build-droplet", body });

export const buildStatus = (client: Client, id: string): Promise<BuildStatus> =>
  client.ask({ method: "GET", path: `${path(id)}/status` });

export const retryBuild = (client: Client, id: string, fromStep: number | string): Promise<ControlResponse> =>
  client.ask({ method: "POST", path: `${path(id)}/retry`, body: { from_step: fromStep } });
