/** Building blocks of the route descriptions, from which both the validation and the OpenAPI document come. */
import type { RouteConfig } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import { Problem } from "./contract.ts";

const meaning = {
  400: "The request is malformed; `errors` names the fields or the place.",
  401: "The bearer token is missing or wrong.",
  403: "The request comes from a foreign page.",
  404: "No such execution, action or route.",
  409: "Not possible in the present state.",
  413: "The body is over the limit.",
  415: "The body is not JSON.",
  421: "The Host header is not a name of this orchestrator.",
  422: "The plan cannot be run; `errors` has each problem with its line.",
  429: "Over the rate limit; `Retry-After` says for how long.",
  500: "A fault of the orchestrator; its log has the details under the correlation id.",
  503: "The database is away for the moment.",
} as const;
type RefusalStatus = keyof typeof meaning;

/** What every route can answer, whatever it does. */
const always = [400, 401, 403, 421, 429, 500, 503] as const satisfies RefusalStatus[];
/** What routes with a body can answer besides. */
export const withBody = [413, 415] as const satisfies RefusalStatus[];

type RefusalResponse = {
  description: string;
  headers: z.ZodObject;
  content: { "application/problem+json": { schema: typeof Problem } };
};

const CorrelationHeader = z.object({ "x-correlation-id": z.string() });

export function refusals<const Status extends RefusalStatus>(
  ...statuses: Status[]
): Record<Status | (typeof always)[number], RefusalResponse> {
  const entries = [...always, ...statuses].map((status) => [
    status,
    { description: meaning[status], headers: CorrelationHeader, content: { "application/problem+json": { schema: Problem } } },
  ]);
  return Object.fromEntries(entries);
}

export function jsonBody<Schema extends z.ZodType>(schema: Schema, required = true) {
  return { required, content: { "application/json": { schema } } };
}

export function jsonAnswer<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { "application/json": { schema } } };
}

export const IdParameter = z.object({
  id: z
    .string()
    .min(1)
    .max(500)
    .openapi({ param: { name: "id", in: "path" }, example: "0197f3c2-5f0e-7c1a-9d52-1c1b7a3e9f10" }),
});

/** The same operation under another path. The path's literal type stays that of the original: only its parameters matter to a handler. */
export function under<Route extends RouteConfig>(route: Route, path: string, operationId: string): Route {
  return { ...route, path, operationId, tags: ["aliases"], summary: `${route.summary} (alias of ${route.path})` };
}
