/**
 * An execution while it runs. On a terminal: a line per event that matters, and below, redrawn in place, what runs now. Elsewhere the lines
 * alone. Driven by the event stream, which goes on by itself when the orchestrator restarts; while it is away, the view says so.
 */
import type { Client } from "../client/client.ts";
import { lineOf } from "./event-line.ts";
import { frameOf } from "./live-frame.ts";
import { createProgress, type Progress } from "./progress.ts";
import { commandLine, paintFor } from "./terminal.ts";
import { cells } from "./text-width.ts";

const redrawMs = 100;
const probeMs = 2_000;
const mostLines = 16;

/**
 * Follows until the execution has ended or the signal aborts, and tells which.
 * @param fromStart shows what happened before, too
 */
export async function watchExecution(
  client: Client,
  executionId: string,
  options: { signal: AbortSignal; fromStart: boolean; stream?: NodeJS.WriteStream; interactive?: boolean },
): Promise<"ended" | "detached"> {
  const { signal, stream = process.stderr } = options;
  const interactive = options.interactive ?? stream.isTTY === true;
  const paint = paintFor(stream);
  const snapshot = await client.execution(executionId, { signal });
  const progress = createProgress(snapshot);
  let awaySinceMs: number | undefined;
  const screen = interactive ? createScreen(stream, progress, () => awaySinceMs) : undefined;
  const say = (line: string) => (screen === undefined ? void stream.write(`${line}\n`) : screen.say(line));

  const stopProbing = probe(client, (away) => {
    if (away && awaySinceMs === undefined && !interactive) {
      say(`! the orchestrator does not answer; its tasks go on. Start it with: ${commandLine("up")}`);
    }
    if (!away && awaySinceMs !== undefined) say("  the orchestrator is back");
    awaySinceMs = away ? (awaySinceMs ?? Date.now()) : undefined;
  });
  try {
    for await (const event of client.stream(executionId, { signal, after: options.fromStart ? 0 : snapshot.lastSeq })) {
      progress.take(event);
      const line = event.type === "task.started" && interactive ? undefined : lineOf(event, progress.titles, paint);
      if (line !== undefined) say(line);
      if (event.type === "execution.blocked" && !interactive) say(`  see what: ${commandLine("inbox")}`);
    }
    return "ended";
  } catch (error) {
    if (signal.aborted) return "detached";
    throw error;
  } finally {
    stopProbing();
    screen?.close();
  }
}

/** Asks now and then whether the orchestrator answers: the stream itself waits for it without a word. */
function probe(client: Client, tell: (away: boolean) => void): () => void {
  const stopped = new AbortController();
  const ask = async () => {
    const away = await client.health({ signal: stopped.signal }).then(
      () => false,
      () => true,
    );
    if (stopped.signal.aborted) return;
    tell(away);
    timer = setTimeout(() => void ask(), probeMs);
  };
  let timer = setTimeout(() => void ask(), probeMs);
  return () => {
    stopped.abort();
    clearTimeout(timer);
  };
}

/** Lines that stay, and below them a frame that is redrawn; everything is written by the timer, so never more than ten times a second. */
function createScreen(stream: NodeJS.WriteStream, progress: Progress, awaySince: () => number | undefined) {
  const paint = paintFor(stream);
  let pending: string[] = [];
  let drawn: string[] = [];
  let tick = 0;
  const width = () => Math.max(20, (stream.columns ?? 80) - 1);
  /** Lines that were drawn wider than the terminal is now have been wrapped by it. */
  const erase = () => {
    const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(cells(line) / (width() + 1))), 0);
    return rows === 0 ? "" : `\x1b[${rows}A\x1b[J`;
  };
  const draw = (frame: string[]) => {
    stream.write(`${erase()}${[...pending, ...frame].map((line) => `${line}\n`).join("")}`);
    pending = [];
    drawn = frame;
  };
  const redraw = () => {
    const height = Math.min(mostLines, Math.max(3, (stream.rows ?? 24) - 2));
    tick += 1;
    draw(frameOf(progress, { nowMs: Date.now(), width: width(), height, tick, awaySinceMs: awaySince(), paint }));
  };
  const timer = setInterval(redraw, redrawMs);
  return {
    say: (line: string) => void pending.push(line),
    close() {
      clearInterval(timer);
      draw([]);
    },
  };
}
