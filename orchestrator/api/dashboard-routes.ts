/**
 * The dashboard: its page for whoever comes (there is nothing in it), and the way from a one-time link to a session. The code stands in the
 * link's fragment, which no browser sends, so it is in no log and no Referer; the page posts it and takes it out of the address.
 */
import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { DashboardSessions } from "../dashboard-sessions.ts";
import { cookieName, cookieOf } from "./browser-session.ts";
import { DashboardLink, DashboardLogin, DashboardLogout, DashboardSession } from "./dashboard-contract.ts";
import type { DashboardFiles } from "./dashboard-files.ts";
import type { DoorEnv, Feature } from "./door-env.ts";
import { jsonAnswer, jsonBody, refusals, withBody } from "./operation.ts";

const tags = ["dashboard"];

const linkRoute = createRoute({
  method: "post",
  path: "/api/dashboard/links",
  operationId: "createDashboardLink",
  tags,
  summary: "A link that logs one browser in, once, within a minute",
  responses: { 201: jsonAnswer(DashboardLink, "The link."), ...refusals() },
});

const loginRoute = createRoute({
  method: "post",
  path: "/api/dashboard/session",
  operationId: "logInToDashboard",
  tags,
  summary: "Exchange the code of a link for a session",
  security: [],
  request: { body: jsonBody(DashboardLogin) },
  responses: {
    200: jsonAnswer(DashboardSession, "The session's proof; the cookie is its other half."),
    ...refusals(...withBody),
  },
});

const logoutRoute = createRoute({
  method: "delete",
  path: "/api/dashboard/session",
  operationId: "logOutOfDashboard",
  tags,
  summary: "End the session of this browser",
  responses: { 200: jsonAnswer(DashboardLogout, "The cookie opens nothing any more."), ...refusals() },
});

export type DashboardRouteOptions = {
  sessions: DashboardSessions;
  files: DashboardFiles;
  /** Address of this orchestrator. */
  url(): string;
};

export function dashboardRoutes({ sessions, files, url }: DashboardRouteOptions): Feature {
  return (app) => {
    app.openapi(linkRoute, async (c) => {
      const { code, expiresAt } = await sessions.offer();
      return c.json({ url: `${url()}/dashboard/login#${code}`, expiresAt }, 201);
    });
    app.openapi(loginRoute, async (c) => {
      const { cookie, proof, expiresAt, seconds } = await sessions.redeem(c.req.valid("json").code);
      return c.json({ proof, expiresAt }, 200, { "set-cookie": cookieText(c, cookie, seconds) });
    });
    app.openapi(logoutRoute, async (c) => {
      const cookie = cookieOf(c.req.header("cookie"), cookieName(portOf(c)));
      if (cookie !== undefined) await sessions.end(cookie);
      return c.json({ ended: cookie !== undefined }, 200, { "set-cookie": cookieText(c, "", 0) });
    });
    app.get("/", (c) => c.redirect("/dashboard/", 302));
    app.get("/dashboard", (c) => c.redirect("/dashboard/", 302));
    app.get("/dashboard/*", (c) => files.answer(c.req.path.slice("/dashboard/".length), (name) => c.req.header(name)));
  };
}

/** Behind a proxy with TLS the browser says https in Origin; without TLS a Secure cookie would not come back. */
function cookieText(c: Context<DoorEnv>, value: string, seconds: number): string {
  const secure = c.req.header("origin")?.startsWith("https:") === true ? "; Secure" : "";
  return `${cookieName(portOf(c))}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}

const portOf = (c: Context<DoorEnv>): number => c.env?.incoming?.socket.localPort ?? 0;
