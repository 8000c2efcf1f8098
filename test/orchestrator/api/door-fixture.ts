/** The app with services made of memory: enough to see what the door does, and what it lets through. */

import { type AppOptions, createApp } from "../../../orchestrator/api/app.ts";
import { createAuth } from "../../../orchestrator/api/auth.ts";
import type { Event, ExecutionStatusResponse, HandoffResponse, TaskBrief } from "../../../orchestrator/api/contract.ts";
import type { DoorApp } from "../../../orchestrator/api/door-env.ts";
import { LonghaulError } from "../../../orchestrator/domain/errors.ts";
import type { Commands, Queries } from "../../../orchestrator/service.ts";

export const token = "t".repeat(43);
export const executionId = "0197f3c2-5f0e-7c1a-9d52-1c1b7a3e9f10";

export type LogLine = { level: string; fields: Record<string, unknown>; message: string };

/** The log of one execution; `append` commits an event and wakes the followers. */
class EventLog {
  readonly events: Event[] = [];
  readonly followers = new Set<() => void>();
  readonly runningTasks: TaskBrief[] = [];
  status: ExecutionStatusResponse["status"] = "running";
  readsAfterWhich = 0;

  append(type: Event["type"], data: Record<string, unknown> = {}): void {
    const seq = this.events.length + 1;
    this.events.push({ executionId, seq, type, taskId: null, attempt: null, at: new Date(0).toISOString(), data });
    for (const wake of this.followers) wake();
  }

  finish(): void {
    this.status = "completed";
    this.append("execution.completed");
  }
}

export type Door = {
  app: DoorApp;
  log: EventLog;
  lines: LogLine[];
  /** What got through to the use-cases: name and arguments. */
  calls: { name: string; args: unknown[] }[];
  /** Sends a well-mannered request; headers given replace the good ones, null removes one. */
  request(path: string, init?: { method?: string; headers?: Record<string, string | null>; body?: string }): Promise<Response>;
};

export function createDoor(
  overrides: { commands?: Partial<Commands>; queries?: Partial<Queries>; config?: Partial<AppOptions["config"]> } = {},
): Door {
  const log = new EventLog();
  const lines: LogLine[] = [];
  const calls: Door["calls"] = [];
  const write = (level: string) => (fields: Record<string, unknown>, message: string) =>
    void lines.push({ level, fields, message });
  const app = createApp({
    commands: recorded({ ...commands, ...overrides.commands }, calls),
    queries: recorded({ ...queriesOf(log), ...overrides.queries }, calls),
    auth: createAuth(token),
    config: overrides.config ?? {},
    log: { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") },
    version: "1.2.3",
  });
  return {
    app,
    log,
    lines,
    calls,
    request: async (path, init = {}) => {
      const headers = {
        host: "127.0.0.1:8400",
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        ...init.headers,
      };
      const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null);
      return app.request(path, { ...init, headers: given });
    },
  };
}

/** Records every call but those to `follow`, which streams make at any time. */
function recorded<Services extends object>(services: Services, calls: Door["calls"]): Services {
  const entries = Object.entries(services).map(([name, run]) => [
    name,
    (...args: unknown[]) => {
      if (name !== "follow") calls.push({ name, args });
      return (run as (...args: unknown[]) => unknown)(...args);
    },
  ]);
  return Object.fromEntries(entries) as Services;
}

const control = { executionId, status: "paused", changed: true, affectedTasks: [] } as const;

const commands: Commands = {
  handoff: async (request) => ({ ...handedOff, created: request.options.idempotencyKey !== "known" }),
  control: async (id) => {
    knows(id);
    return { ...control, affectedTasks: [] };
  },
  completeAction: async () => ({ ...control, affectedTasks: [] }),
};

const handedOff: HandoffResponse = {
  executionId,
  planId: executionId,
  title: "Plan",
  status: "queued",
  tasks: 1,
  estimatedDuration: null,
  webhookUrl: null,
  streamUrl: "",
  statusUrl: "",
  warnings: [],
  forecast: {
    tasks: { open: 1, automatic: 1, human: 0 },
    minutes: { min: 1, likely: 2, max: 3 },
    criticalPath: { ids: ["a"], minutes: 2 },
    usd: { min: 0, likely: 0, max: 0 },
    manualMinutes: 0,
    basis: { written: 0, history: 0, usual: 1 },
  },
  created: true,
};

function queriesOf(log: EventLog): Queries {
  const status = (): ExecutionStatusResponse => ({
    executionId,
    title: "Plan",
    status: log.status,
    reason: null,
    progress: { current: 0, total: 1, percentage: 0 },
    currentTask: null,
    runningTasks: [...log.runningTasks],
    completedTasks: [],
    failedTasks: [],
    blockers: [],
    eta: null,
    createdAt: new Date(0).toISOString(),
    startedAt: null,
    finishedAt: null,
    lastSeq: log.events.length,
    costUsd: 0,
    tokens: 0,
  });
  return {
    list: async () => ({ executions: [], nextCursor: null }),
    execution: async (id) => {
      knows(id);
      return {
        ...status(),
        planId: id,
        conversationId: "c",
        source: "INLINE",
        workspace: "/w",
        priority: "normal",
        phases: [],
        tasks: [],
      };
    },
    status: async (id) => {
      knows(id);
      return status();
    },
    events: async (id, { after, limit }) => {
      knows(id);
      log.readsAfterWhich = after;
      return { events: log.events.slice(after, after + limit), lastSeq: log.events.length };
    },
    preview: async () => {
      throw new LonghaulError("invalid_plan", "The plan has a cycle: a → b → a", {
        hint: "Remove one of the dependencies.",
        details: { problems: [{ code: "cycle", message: "a → b → a", line: 3 }] },
      });
    },
    pendingActions: async () => [],
    health: async () => ({
      status: "ok",
      live: true,
      ready: true,
      version: "1.2.3",
      nodeId: "n",
      uptimeSeconds: 1,
      dependencies: { database: { status: "up" } },
    }),
    capabilities: async () => ({
      version: "1.2.3",
      executors: [],
      notAutomated: [],
      channels: [],
      isolation: { level: "process", files: "", network: "", memory: "none", treeKill: "best-effort", why: "", levels: [] },
      planFormats: [],
      limits: { concurrency: 1, perKind: {}, maxPlanBytes: 1, maxTasks: 1 },
      database: { version: "18", embedded: true },
    }),
    metrics: async () => ({ contentType: "text/plain; version=0.0.4; charset=utf-8", body: "up 1\n" }),
    follow: (_id, wake) => {
      log.followers.add(wake);
      return () => log.followers.delete(wake);
    },
  };
}

function knows(id: string): void {
  if (id !== executionId) throw new LonghaulError("not_found", `No execution '${id}'`);
}
