/** An attempt in a temporary directory, with a record that refuses what the database would refuse. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { type Claim, fileNames, readWhole } from "../../../../orchestrator/executors/attempt-files.ts";
import type {
  Assignment,
  AttemptContext,
  AttemptEvent,
  Executor,
  Outcome,
  StopReason,
} from "../../../../orchestrator/executors/executor.ts";
import { identify, signalProcess } from "../../../../orchestrator/executors/process-identity.ts";
import { carriesMark, listProcesses } from "../../../../orchestrator/executors/process-tree.ts";
import { Task } from "../../../../plan/model.ts";

let attempts = 0;

export type Attempt = {
  directory: string;
  workspace: string;
  assignment: Assignment;
  events: AttemptEvent[];
  /** Bytes recorded so far. */
  offset(): number;
  /** All recorded output as one text. */
  text(): string;
  run(executor: Executor, how?: Partial<Pick<Assignment, "adopted" | "previousSessionId">>): Promise<Outcome>;
  stop(reason: StopReason): void;
  claim(): Claim | undefined;
  /** Processes of the attempt that are alive, found by their mark. */
  marked(): number[];
};

/** Makes an attempt at a task; whatever is left of it is killed and removed when the test ends. */
export async function createAttempt(task: Record<string, unknown>, inputs: Assignment["inputs"] = []): Promise<Attempt> {
  const root = await mkdtemp(join(tmpdir(), "longhaul-attempt-"));
  const directory = await mkdtemp(join(root, "attempt-"));
  const workspace = await mkdtemp(join(root, "workspace-"));
  attempts += 1;
  const assignment: Assignment = {
    executionId: `test-${process.pid}-${attempts}`,
    ordinal: 1,
    taskId: "1",
    attempt: 1,
    fence: 1,
    task: Task.parse({ id: "1", displayId: "1", title: "A task", ...task }),
    workspace,
    planTitle: "A plan",
    conversationId: "conversation",
    inputs,
    adopted: false,
    released: [],
  };
  const mark = `${assignment.executionId}.1.1`;
  const events: AttemptEvent[] = [];
  let offset = 0;
  let controller = new AbortController();
  const record: AttemptContext["record"] = async ({ fromOffset, toOffset, events: added }) => {
    if (fromOffset !== offset || toOffset < fromOffset) throw new Error(`recorded ${fromOffset}–${toOffset} after ${offset}`);
    offset = toOffset;
    events.push(...added);
  };
  const claim = () => readWhole<Claim>(directory, fileNames.claim);
  const marked = () =>
    listProcesses()
      .map((row) => row.pid)
      .filter((pid) => carriesMark(pid, mark));
  onTestFinished(async () => {
    const supervisor = claim();
    if (supervisor?.by === "supervisor" && supervisor.identity.pid !== process.pid) signalProcess(supervisor.identity, "SIGKILL");
    for (const pid of marked()) {
      const identity = identify(pid);
      if (identity !== undefined) signalProcess(identity, "SIGKILL");
    }
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  });
  return {
    directory,
    workspace,
    assignment,
    events,
    offset: () => offset,
    text: () => events.map((event) => (event.data["text"] ?? "") as string).join(""),
    run(executor, how = {}) {
      controller = new AbortController();
      return executor.run({ ...assignment, ...how }, { signal: controller.signal, directory, recordedOffset: offset, record });
    },
    stop: (reason) => controller.abort(reason),
    claim,
    marked,
  };
}

/** Waits for something to be so; fails with its name when it never is. */
export async function until<T>(what: string, look: () => T | undefined | false, limitMs = 15_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for: ${what}`);
    await delay(5);
  }
}

/** The text of a file; undefined while it is not there or empty. */
export function fileText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8") || undefined;
  } catch {
    return undefined;
  }
}
