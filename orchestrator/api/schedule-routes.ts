/** Plans that recur. A schedule is named by its name or its id. */
import { createRoute } from "@hono/zod-openapi";
import type { Feature } from "./door-env.ts";
import { IdParameter, jsonAnswer, jsonBody, refusals, withBody } from "./operation.ts";
import { Schedule, ScheduleList, ScheduleRequest, ScheduleUpdate } from "./schedule-contract.ts";

export type ScheduleCommands = {
  add(request: ScheduleRequest): Promise<Schedule>;
  list(): Promise<Schedule[]>;
  schedule(name: string): Promise<Schedule>;
  setStatus(name: string, status: Schedule["status"]): Promise<Schedule>;
  remove(name: string): Promise<Schedule>;
};

const tags = ["schedules"];
const answers = { 200: jsonAnswer(Schedule, "The schedule with its last runs."), ...refusals(404) };

const addRoute = createRoute({
  method: "post",
  path: "/api/schedules",
  operationId: "addSchedule",
  tags,
  summary: "Hand a plan off again and again",
  description: "The plan is checked now, and read anew at each tick where it is a file. Every tick starts exactly one run.",
  request: { body: jsonBody(ScheduleRequest) },
  responses: { 201: jsonAnswer(Schedule, "It will run."), ...refusals(...withBody, 409, 422) },
});
const listRoute = createRoute({
  method: "get",
  path: "/api/schedules",
  operationId: "listSchedules",
  tags,
  summary: "Schedules, with the last runs of each",
  responses: { 200: jsonAnswer(ScheduleList, "By name."), ...refusals() },
});
const scheduleRoute = createRoute({
  method: "get",
  path: "/api/schedules/{id}",
  operationId: "getSchedule",
  tags,
  summary: "One schedule and its last runs",
  request: { params: IdParameter },
  responses: answers,
});
const updateRoute = createRoute({
  method: "patch",
  path: "/api/schedules/{id}",
  operationId: "updateSchedule",
  tags,
  summary: "Pause a schedule, or let it go on with its next tick",
  request: { params: IdParameter, body: jsonBody(ScheduleUpdate) },
  responses: { ...answers, ...refusals(...withBody) },
});
const removeRoute = createRoute({
  method: "delete",
  path: "/api/schedules/{id}",
  operationId: "removeSchedule",
  tags,
  summary: "Remove a schedule; executions that it started go on",
  request: { params: IdParameter },
  responses: answers,
});

export function scheduleRoutes(commands: ScheduleCommands): Feature {
  return (app) => {
    app.openapi(addRoute, async (c) => c.json(await commands.add(c.req.valid("json")), 201));
    app.openapi(listRoute, async (c) => c.json({ schedules: await commands.list() }, 200));
    app.openapi(scheduleRoute, async (c) => c.json(await commands.schedule(c.req.valid("param").id), 200));
    app.openapi(updateRoute, async (c) =>
      c.json(await commands.setStatus(c.req.valid("param").id, c.req.valid("json").status), 200),
    );
    app.openapi(removeRoute, async (c) => c.json(await commands.remove(c.req.valid("param").id), 200));
  };
}
