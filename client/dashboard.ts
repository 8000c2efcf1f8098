/** Calls about logging in to the dashboard. */
import type { DashboardLink, DashboardLogout, DashboardSession } from "../orchestrator/api/dashboard-contract.ts";
import type { Client } from "./client.ts";

const session = "/api/dashboard/session";

export const dashboardLink = (client: Client): Promise<DashboardLink> =>
  client.ask({ method: "POST", path: "/api/dashboard/links", body: {} });

export const logIn = (client: Client, code: string): Promise<DashboardSession> =>
  client.ask({ method: "POST", path: session, body: { code } });

export const logOut = (client: Client): Promise<DashboardLogout> => client.ask({ method: "DELETE", path: session, body: {} });
