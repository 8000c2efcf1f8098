/**
 * The HTTP API as a function from request to answer. Every request passes, in this order: a correlation id and a log line, the door (Host,
 * Origin, path), the token, the rate limit, the body; only then does a route see it. Whatever is thrown on the way becomes problem details.
 *
 * @example
 * const app = createApp({ commands, queries, auth: createAuth(token), config: {}, log, version });
 * await app.request("/health", { headers: { host: "127.0.0.1:8400" } });
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import type { ZodError } from "zod";
import { principalText } from "../domain/principal.ts";
import type { Commands, Queries } from "../service.ts";
import { actionHandlers, routeActions } from "./actions.ts";
import { refusalFor } from "./agent-door.ts";
import { routeAliases } from "./aliases.ts";
import { type Auth, bearerToken } from "./auth.ts";
import { type BrowserSessions, comesFromSession } from "./browser-session.ts";
import { correlationIdOf, withCorrelationId } from "./correlation.ts";
import { checkAtTheDoor } from "./door.ts";
import type { DoorApp, DoorEnv, DoorLog, Feature, Services } from "./door-env.ts";
import { executionHandlers, routeExecutions } from "./executions.ts";
import { withCheckedBody, withCheckedForm } from "./json-body.ts";
import { routeOpenApi } from "./openapi.ts";
import { routePlans } from "./plans.ts";
import { problemOf, problemResponse, Refusal, refusalFrom } from "./problem.ts";
import { createRateLimiter, type RateLimit } from "./rate-limit.ts";
import { routeStream, streamHandler } from "./stream.ts";
import { routeSystem, systemHandlers } from "./system.ts";

export type AppOptions = {
  commands: Commands;
  queries: Queries;
  /** What the API offers besides executions and plans. */
  features?: readonly Feature[];
  auth: Auth;
  /** Browsers that logged in to the dashboard. */
  sessions?: BrowserSessions;
  config: {
    /** The port in the Host header when the app is called as a function, 8400 by default; on a real connection its own port counts. */
    port?: number;
    allowedHosts?: readonly string[];
    /** 4 MB by default: room for the largest plan as text, not for a flood. */
    maxBodyBytes?: number;
    rateLimit?: RateLimit;
    heartbeatMs?: number;
  };
  log: DoorLog;
  version: string;
};

const defaultMaxBodyBytes = 4 * 1024 * 1024;
/** Far above any honest use; it stops runaway loops, not people. */
const defaultRateLimit: RateLimit = { perSecond: 2_000, burst: 4_000 };
const defaultPort = 8400;
const defaultHeartbeatMs = 15_000;
/** Pages behind a signed link: the link itself says who may. */
const isLinkPage = (path: string) => path.startsWith("/approve/");
const openToStrangers = new Set(["/health", "/health/ready", "/executor/health", "/", "/dashboard"]);
/** The dashboard's page holds nothing; what it shows it asks for. */
const isDashboardPage = (path: string) => path.startsWith("/dashboard/");
const dashboardLogin = "/api/dashboard/session";

export function createApp(options: AppOptions): DoorApp {
  const services: Services = { commands: options.commands, queries: options.queries, log: options.log };
  const app = new OpenAPIHono<DoorEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidInput(result.target, result.error);
    },
  });
  app.onError((error, c) => {
    const refusal = refusalFrom(error);
    if (refusal.code === "internal") options.log.error({ correlationId: c.get("correlationId"), err: error }, "a request failed");
    return problemResponse(refusal, c.get("correlationId"));
  });
  app.notFound((c) => {
    const refusal = new Refusal("not_found", `There is no route ${c.req.method} ${c.req.path}.`, {
      hint: "GET /openapi.json lists them.",
    });
    return problemResponse(refusal, c.get("correlationId"));
  });

  app.use(accompany(options.log), door(options), token(options), body(options));
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }));

  const executions = executionHandlers(services);
  const actions = actionHandlers(services);
  const system = systemHandlers(services);
  const stream = streamHandler(services, { heartbeatMs: options.config.heartbeatMs ?? defaultHeartbeatMs });
  routeExecutions(app, executions);
  routeStream(app, stream);
  routePlans(app, services);
  routeActions(app, actions);
  routeSystem(app, system, services);
  routeAliases(app, { executions, actions, system, stream }, services);
  for (const feature of options.features ?? []) feature(app);
  routeOpenApi(app, options.version);
  return app;
}

function accompany(log: DoorLog): MiddlewareHandler<DoorEnv> {
  return async (c, next) => {
    const correlationId = correlationIdOf((name) => c.req.header(name));
    const startedMs = performance.now();
    c.set("correlationId", correlationId);
    await withCorrelationId(correlationId, next);
    c.res.headers.set("x-correlation-id", correlationId);
    if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
    c.res.headers.set("x-content-type-options", "nosniff");
    c.res.headers.set("cross-origin-resource-policy", "same-origin");
    const { method } = c.req;
    const path = isLinkPage(c.req.path) ? "/approve/[link]" : c.req.path; // the link is a credential
    const status = c.res.status;
    const level = status >= 500 ? "error" : status >= 400 ? "warn" : method === "GET" || method === "HEAD" ? "debug" : "info";
    log[level]({ correlationId, method, path, status, durationMs: Math.round(performance.now() - startedMs) }, "request");
  };
}

function door({ config, auth }: AppOptions): MiddlewareHandler<DoorEnv> {
  return async (c, next) => {
    const url = new URL(c.req.url);
    checkAtTheDoor({
      method: c.req.method,
      target: c.env?.incoming?.url ?? `${url.pathname}${url.search}`,
      header: (name) => c.req.header(name),
      port: c.env?.incoming?.socket.localPort ?? config.port ?? defaultPort,
      allowedHosts: config.allowedHosts ?? [],
      isToken: (value) => auth.isToken(value),
    });
    await next();
  };
}

function token({ auth, sessions, config }: AppOptions): MiddlewareHandler<DoorEnv> {
  const limiter = createRateLimiter(config.rateLimit ?? defaultRateLimit);
  return async (c, next) => {
    const authorization = c.req.header("authorization");
    const given = authorization === undefined ? undefined : bearerToken(authorization);
    let principal = given === undefined ? undefined : await auth.principalOf(given);
    if (authorization === undefined && sessions !== undefined && !isDashboardPage(c.req.path)) {
      const port = c.env?.incoming?.socket.localPort ?? config.port ?? defaultPort;
      const request = { method: c.req.method, port, header: (name: string) => c.req.header(name) };
      if (await comesFromSession(request, sessions)) principal = { kind: "owner" };
    }
    const waitSeconds = limiter(principal === undefined ? "stranger" : principalText(principal), performance.now());
    if (waitSeconds > 0) {
      throw new Refusal("rate_limited", "Too many requests.", {
        hint: `Wait ${waitSeconds} s.`,
        headers: { "retry-after": String(waitSeconds) },
      });
    }
    const { method, path } = c.req;
    const isOpen =
      authorization === undefined &&
      (isLinkPage(path) ||
        (method === "GET" && (openToStrangers.has(path) || isDashboardPage(path))) ||
        (method === "POST" && path === dashboardLogin));
    if (principal === undefined && !isOpen) {
      throw new Refusal(
        "unauthorized",
        authorization === undefined ? "The bearer token is missing." : "The bearer token is wrong.",
        {
          hint: "Send 'Authorization: Bearer TOKEN' with the token in LONGHAUL_HOME/token.",
          headers: { "www-authenticate": 'Bearer realm="longhaul"' },
        },
      );
    }
    if (principal !== undefined && principal.kind !== "owner") {
      const refusal = refusalFor(principal, c.req.method, c.req.path);
      if (refusal !== undefined) {
        const { status, detail } = problemOf(refusal, c.get("correlationId"));
        auth.onRefused(principal, `${c.req.method} ${c.req.path}`, { status, reason: detail });
        throw refusal;
      }
    }
    c.set("authenticated", principal?.kind === "owner");
    if (principal !== undefined) c.set("principal", principal);
    await next();
  };
}

function body({ config }: AppOptions): MiddlewareHandler<DoorEnv> {
  const maxBytes = config.maxBodyBytes ?? defaultMaxBodyBytes;
  const bodyless = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);
  return async (c, next) => {
    if (isLinkPage(c.req.path)) c.req.raw = await withCheckedForm(c.req.raw);
    else if (!bodyless.has(c.req.method)) c.req.raw = await withCheckedBody(c.req.raw, maxBytes);
    await next();
  };
}

function refuseMethod(c: Context<DoorEnv>, methods: string[]): Response {
  const refusal = new Refusal(
    "method_not_allowed",
    `${c.req.path} does not know the method ${c.req.method}, only ${methods.join(", ")}.`,
    {
      headers: { allow: methods.join(", ") },
    },
  );
  return problemResponse(refusal, c.get("correlationId"));
}

/** Names every field that is wrong, and where it was: body, query, path or header. */
function invalidInput(target: string, error: ZodError): Refusal {
  const location = target === "json" ? "body" : target === "param" ? "path" : target;
  const errors = error.issues.map((issue) => ({
    location,
    field: issue.path.join("."),
    message: issue.message,
    code: issue.code,
  }));
  const sentences = errors.slice(0, 5).map(({ field, message }) => (field === "" ? message : `${field}: ${message}`));
  const more = errors.length > 5 ? ` and ${errors.length - 5} more` : "";
  return new Refusal("invalid_input", `The ${location} is not valid: ${sentences.join("; ")}${more}.`, { errors });
}
