/** The line that an event leaves in the terminal, or none for those that only move the picture. */
import type { Event } from "../orchestrator/api/contract.ts";
import { mark } from "./marks.ts";
import { duration, type Paint } from "./terminal.ts";
import { fit } from "./text-width.ts";

const nameWidth = 100;
const messageWidth = 200;

export function lineOf(event: Event, titles: ReadonlyMap<string, string>, paint: Paint): string | undefined {
  const { type, taskId, attempt, data } = event;
  const [subject, state = ""] = type.split(".");
  if (subject === "execution") return ["created", "started"].includes(state) ? undefined : executionLine(state, data, paint);
  if (subject === "phase") return `${mark("completed", paint)} phase ${String(data["message"])}`;
  if (subject === "gate" && taskId !== null) return gateLine(taskId, state, data, paint);
  if (subject === "budget") return budgetLine(state, data, paint);
  if (subject === "health") return healthLine(taskId, state, data, paint);
  if (subject === "governor") return governorLine(state, data, paint);
  if (subject !== "task" || taskId === null) return undefined;
  const name = `${mark(state === "started" ? "running" : state, paint)} ${fit(`${taskId}  ${titles.get(taskId) ?? ""}`, nameWidth)}`;
  const took = typeof data["durationMs"] === "number" ? paint("gray", `  ${duration(data["durationMs"] / 1000)}`) : "";
  const message = typeof data["message"] === "string" ? `  ${fit(data["message"], messageWidth)}` : "";
  switch (state) {
    case "started":
      return `${name}${attempt !== null && attempt > 1 ? paint("gray", `  attempt ${attempt}`) : ""}`;
    case "completed":
    case "cancelled":
      return `${name}${took}`;
    case "skipped":
      return `${name}${data["cause"] === "dependency" ? paint("gray", "  skipped: something it depends on failed") : ""}`;
    case "failed":
      return `${name}${took}${message}`;
    case "retrying":
      return `${name}${took}${message}; will run again`;
    case "landed":
      return `${mark("completed", paint)} ${taskId}${message}`;
    case "awaiting_human":
      return `${name}  waits for a person`;
    case "awaiting_approval":
      return `${name}  waits for an approval`;
    default:
      return undefined;
  }
}

function executionLine(state: string, data: Event["data"], paint: Paint): string {
  const reason = typeof data["reason"] === "string" ? `: ${fit(data["reason"], messageWidth)}` : "";
  if (state === "rolled_back") return `${mark("paused", paint)} execution${reason}`;
  return `${mark(state === "resumed" || state === "retried" ? "running" : state, paint)} execution ${state}${reason}`;
}

function governorLine(state: string, data: Event["data"], paint: Paint): string {
  if (state === "resumed") return `${mark("running", paint)} Claude may be used again`;
  const until = typeof data["until"] === "string" ? ` until ${new Date(data["until"]).toLocaleTimeString()}` : "";
  const limit = data["limit"] === "rate_limit" ? "rate limit" : "usage limit";
  return `${mark("paused", paint)} Claude's ${limit}: its tasks wait${until}`;
}

function healthLine(taskId: string | null, state: string, data: Event["data"], paint: Paint): string {
  const what = `${taskId === null ? "" : `${taskId}  `}${String(data["message"])}`;
  return `${mark(state === "warning" ? "paused" : "running", paint)} ${fit(what, messageWidth)}`;
}

function budgetLine(state: string, data: Event["data"], paint: Paint): string {
  if (state === "raised") return `${mark("running", paint)} the ${String(data["scope"])} may spend more`;
  const { scope, metric, spent, allowed } = data;
  const share = Math.round((Number(spent) / Number(allowed)) * 100);
  const what = `${share} % of the ${String(scope)}'s budget is spent (${Number(spent).toFixed(2)} of ${Number(allowed)} ${String(metric)})`;
  return `${mark(state === "exhausted" ? "blocked" : "paused", paint)} ${what}`;
}

/** A gate that lets a task through moves nothing. */
function gateLine(taskId: string, state: string, data: Event["data"], paint: Paint): string | undefined {
  if (state === "passed") return undefined;
  const what = `${taskId}  ${String(data["trigger"])} gate ${String(data["gate"])} ${state}: ${String(data["message"])}`;
  return `${mark(state === "failed" ? "failed" : "blocked", paint)} ${fit(what, messageWidth)}`;
}
