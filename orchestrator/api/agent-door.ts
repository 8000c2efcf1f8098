/**
 * How far the tokens of agents reach: a closed list, checked before any route sees the request. Whatever is added to the API later is closed
 * to them until somebody writes it here.
 */
import type { AgentPrincipal, JoiningPrincipal } from "../domain/principal.ts";
import { Refusal } from "./problem.ts";

const ownRoute = /^\/api\/agents\/([^/]+)\/(work|heartbeat)$/;
const methods: Record<string, string> = { work: "GET", heartbeat: "POST" };
const report = /^\/api\/executions\/[^/]+\/events$/;

/** The refusal that this principal gets, undefined where the request may pass. */
export function refusalFor(principal: AgentPrincipal | JoiningPrincipal, method: string, path: string): Refusal | undefined {
  if (principal.kind === "joining") {
    return method === "POST" && path === "/api/agents" ? undefined : closed("A join token only registers an agent.");
  }
  if (method === "POST" && report.test(path)) return undefined; // whether the work is its own is known there
  const [, id, noun] = ownRoute.exec(path) ?? [];
  if (id === undefined || noun === undefined || methods[noun] !== method) {
    return closed("The token of an agent reaches only its own work, heartbeat and reports.");
  }
  return id === principal.id ? undefined : new Refusal("not_found", "There is no such agent.");
}

const closed = (message: string) => new Refusal("forbidden", message, { hint: "The owner's token does that." });
