/** Calls about schedules; one is named by its name or id. */
import type { Schedule, ScheduleInput, ScheduleList } from "../orchestrator/api/schedule-contract.ts";
import type { Client } from "./client.ts";

const path = (name: string) => `/api/schedules/${encodeURIComponent(name)}`;

export const addSchedule = (client: Client, body: ScheduleInput): Promise<Schedule> =>
  client.ask({ method: "POST", path: "/api/schedules", body });

export const schedules = async (client: Client): Promise<Schedule[]> =>
  (await client.ask<ScheduleList>({ method: "GET", path: "/api/schedules" })).schedules;

export const setScheduleStatus = (client: Client, name: string, status: Schedule["status"]): Promise<Schedule> =>
  client.ask({ method: "PATCH", path: path(name), body: { status } });

export const removeSchedule = (client: Client, name: string): Promise<Schedule> =>
  client.ask({ method: "DELETE", path: path(name) });
