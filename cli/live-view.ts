/**
 * An execution while it runs. On a terminal: a line per running task with its last output, and a progress bar, redrawn in place. Elsewhere:
 * a line per event. Driven by the event stream alone, which goes on by itself when the orchestrator restarts.
 */
import type { Client } from "../client/client.ts";
import type { Event, ExecutionStatusResponse } from "../orchestrator/api/contract.ts";
import { duration, fit, mark, paint } from "./terminal.ts";

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const redrawMs = 120;
const barWidth = 28;
const shownTasks = 12;

export type WatchResult = "ended" | "detached";

/** Follows until the execution ends, waits for a person with nothing left to run, or the signal aborts. */
export async function watchExecution(client: Client, executionId: string, signal: AbortSignal): Promise<WatchResult> {
  const first = await client.execution(executionId);
  const titles = new Map(first.tasks.map((task) => [task.id, task.title]));
  const view = process.stderr.isTTY === true ? createScreen(first, titles) : createLines(titles);
  try {
    for await (const event of client.stream(executionId, { signal })) {
      view.show(event);
      if (event.type === "execution.blocked") view.say(`${mark("blocked")} waits for you: longhaul inbox`);
    }
    return "ended";
  } catch (error) {
    if (signal.aborted) return "detached";
    throw error;
  } finally {
    view.close();
  }
}

type View = { show(event: Event): void; say(line: string): void; close(): void };

function createLines(titles: Map<string, string>): View {
  const write = (line: string) => process.stderr.write(`${line}\n`);
  return {
    show(event) {
      const line = lineOf(event, titles);
      if (line !== undefined) write(line);
    },
    say: write,
    close: () => undefined,
  };
}

function createScreen(first: ExecutionStatusResponse, titles: Map<string, string>): View {
  const running = new Map<string, { startedMs: number; last: string }>();
  const { total } = first.progress;
  let done = 0;
  let failed = 0;
  let drawn = 0;
  let frame = 0;
  const startedMs = Date.now();
  const out = process.stderr;

  const clear = () => {
    if (drawn > 0) out.write(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  };
  const draw = () => {
    clear();
    const width = Math.max(20, (out.columns ?? 80) - 1);
    frame += 1;
    const spinner = frames[frame % frames.length] ?? "";
    const rows = [...running].slice(0, shownTasks).map(([id, task]) => {
      const elapsed = duration((Date.now() - task.startedMs) / 1000);
      const head = `  ${spinner} ${id}  ${titles.get(id) ?? ""}  ${elapsed}  `;
      return `${paint("cyan", fit(head, width))}${paint("gray", fit(task.last, Math.max(0, width - head.length)))}`;
    });
    if (running.size > shownTasks) rows.push(`    … and ${running.size - shownTasks} more`);
    const share = total === 0 ? 1 : done / total;
    const filled = Math.round(share * barWidth);
    const elapsed = (Date.now() - startedMs) / 1000;
    const eta = done === 0 || done === total ? "" : `  about ${duration((elapsed / done) * (total - done))} left`;
    const failures = failed === 0 ? "" : paint("red", `  ${failed} failed`);
    rows.push(
      fit(
        `  ${"█".repeat(filled)}${"░".repeat(barWidth - filled)}  ${done}/${total}  ${Math.round(share * 100)} %  ${duration(elapsed)}${eta}`,
        width,
      ) + failures,
    );
    out.write(`${rows.join("\n")}\n`);
    drawn = rows.length;
  };
  const timer = setInterval(draw, redrawMs);
  const say = (line: string) => {
    clear();
    out.write(`${line}\n`);
    draw();
  };
  return {
    show(event) {
      const id = event.taskId ?? "";
      const { type, data } = event;
      if (type === "task.started") running.set(id, { startedMs: Date.parse(event.at), last: "" });
      else if (type === "task.output" || type === "agent.message") {
        const task = running.get(id);
        const last = typeof data["text"] === "string" ? data["text"].trimEnd().split("\n").at(-1) : undefined;
        if (task !== undefined && last) task.last = last;
      } else if (/^task\.(completed|failed|retrying|released|cancelled|skipped)$/.test(type)) running.delete(id);
      if (type === "task.completed" || type === "task.skipped") done += 1;
      if (type === "task.failed") failed += 1;
      const line = lineOf(event, titles);
      if (line !== undefined && type !== "task.started") say(line);
    },
    say,
    close() {
      clearInterval(timer);
      clear();
    },
  };
}

/** The line for an event, or none for those that only move the picture. */
function lineOf(event: Event, titles: Map<string, string>): string | undefined {
  const { type, taskId, data } = event;
  const [subject, state = ""] = type.split(".");
  const message = typeof data["message"] === "string" ? data["message"] : "";
  if (subject === "task" && taskId !== null) {
    const took = typeof data["durationMs"] === "number" ? paint("gray", `  ${duration(data["durationMs"] / 1000)}`) : "";
    const name = `${taskId}  ${titles.get(taskId) ?? ""}`;
    if (state === "started") return `${mark("running")} ${fit(name, 100)}`;
    if (state === "completed" || state === "skipped" || state === "cancelled") return `${mark(state)} ${fit(name, 100)}${took}`;
    if (state === "failed" || state === "retrying") return `${mark(state)} ${fit(name, 100)}${took}  ${fit(message, 200)}`;
    if (state === "awaiting_human") return `${mark(state)} ${fit(name, 100)}  waits for a person`;
    return undefined;
  }
  if (subject !== "execution" || ["created", "started"].includes(state)) return undefined;
  return `${mark(state)} ${type.replace(".", " ")}${typeof data["reason"] === "string" ? `: ${data["reason"]}` : ""}`;
}
