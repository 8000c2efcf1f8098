/** Events as `longhaul logs` prints them: output of tasks as it came, everything else as a line with its time. */
import { stripVTControlCharacters } from "node:util";
import type { Event } from "../orchestrator/api/contract.ts";
import { duration } from "./terminal.ts";
import { fit } from "./text-width.ts";

/** Facts that say nothing to a reader of the log. */
const unsaid = new Set(["node", "planId", "conversationId", "id", "truncated"]);

/**
 * @param options.named puts the task's id before every line
 * @param options.raw leaves control sequences in; a terminal must not obey what a task printed
 */
export function logText(event: Event, options: { named: boolean; raw: boolean }): string {
  const { data, taskId, type, at } = event;
  const prefix = options.named && taskId !== null ? `${taskId} | ` : "";
  if (typeof data["text"] === "string") {
    const text = options.raw ? data["text"] : harmless(data["text"]);
    return text
      .replace(/\n$/, "")
      .split("\n")
      .map((line) => `${prefix}${line}\n`)
      .join("");
  }
  const facts = Object.entries(data)
    .filter(([name]) => !unsaid.has(name))
    .map(([name, value]) => fact(name, value));
  return `${prefix}— ${at} ${[type, ...facts].join("  ")}\n`;
}

function harmless(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "");
}

function fact(name: string, value: unknown): string {
  if (name === "durationMs" && typeof value === "number") return duration(value / 1000);
  if (typeof value === "string") return name === "message" || name === "title" ? fit(value, 300) : `${name}=${fit(value, 100)}`;
  return `${name}=${fit(JSON.stringify(value), 300)}`;
}
