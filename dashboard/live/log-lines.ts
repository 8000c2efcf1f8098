/** Output of tasks and what agents say, as lines. Pure but for what it holds. */
import type { Event } from "../../orchestrator/api/contract.ts";

export type LogLine = {
  key: number;
  seq: number;
  taskId: string;
  at: string;
  text: string;
  kind: "output" | "agent" | "tool" | "note";
};

const mostLines = 20_000;

export class LogLines {
  lines: LogLine[] = [];
  #lastSeq = 0;
  #key = 0;

  /** Events that it has already change nothing. */
  add(events: readonly Event[]): void {
    for (const event of events) {
      if (event.seq <= this.#lastSeq) continue;
      this.#lastSeq = event.seq;
      const kind = kindOf(event);
      if (kind === undefined || event.taskId === null) continue;
      for (const text of textOf(event).replace(/\n$/, "").split("\n")) {
        this.#key += 1;
        this.lines.push({ key: this.#key, seq: event.seq, taskId: event.taskId, at: event.at, text, kind });
      }
    }
    if (this.lines.length > mostLines) this.lines = this.lines.slice(-mostLines * 0.9);
  }
}

function kindOf({ type }: Event): LogLine["kind"] | undefined {
  if (type === "task.output") return "output";
  if (type === "agent.message") return "agent";
  if (type === "agent.tool") return "tool";
  return type === "task.started" || type === "task.completed" || type === "task.failed" || type === "task.retrying"
    ? "note"
    : undefined;
}

function textOf({ type, data, attempt }: Event): string {
  if (type === "agent.tool") return `${String(data["name"])} ${JSON.stringify(data["input"] ?? {})}`;
  if (type === "task.started") return attempt !== null && attempt > 1 ? `started, attempt ${attempt}` : "started";
  if (kindIsNote(type))
    return [type.slice("task.".length), data["message"]].filter((part) => typeof part === "string").join(": ");
  return typeof data["text"] === "string" ? harmless(data["text"]) : "";
}

const kindIsNote = (type: Event["type"]) => type === "task.completed" || type === "task.failed" || type === "task.retrying";

/** Without the sequences that move cursors and colour terminals, and without marks that turn text around. */
const harmless = (text: string): string =>
  text
    .replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g, "")
    .replace(/\r(?=\n)/g, "")
    .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g, "");
