/**
 * An orchestrator that says what a test tells it to, on a home of its own: what the MCP server asks is checked against the contract and
 * kept. Without a plan that fails, a person who must act or a restart at the right moment need a long run of the real one.
 */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Action, CompleteActionRequest } from "../../orchestrator/api/action-contract.ts";
import { type Approval, ApprovalDecision } from "../../orchestrator/api/approval-contract.ts";
import { BudgetRequest } from "../../orchestrator/api/budget-contract.ts";
import {
  ControlRequest,
  type ExecutionDetail,
  ExecutionStatusResponse,
  HandoffRequest,
  type Problem,
} from "../../orchestrator/api/contract.ts";
import type { Recommendation } from "../../orchestrator/api/learning-contract.ts";
import { PlanEditRequest } from "../../orchestrator/api/plan-edit-contract.ts";
import { RollbackAnswer, RollbackRequest } from "../../orchestrator/api/workspace-contract.ts";

export const executionId = "0199c0de-0000-7000-8000-000000000001";
const token = "token-of-the-scripted-orchestrator";

export type ScriptedOrchestrator = {
  home: string;
  /** Accepted requests that change something, in order. */
  writes: { path: string; body: unknown }[];
  /** What the one execution looks like now. */
  execution: ExecutionStatusResponse;
  pending: Action[];
  approvals: Approval[];
  similar: Recommendation[];
  /** Takes requests and never answers them. */
  silent: boolean;
  /** The next request for an execution or hand-off gets this instead. */
  refusal: Problem | undefined;
  close(): Promise<void>;
};

export async function startScriptedOrchestrator(): Promise<ScriptedOrchestrator> {
  const home = await mkdtemp(join(tmpdir(), "longhaul-mcp-"));
  const server = createServer((request, response) => {
    if (scripted.silent) return;
    answer(request).then(
      ([status, body]) => {
        response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json" });
        response.end(JSON.stringify(body));
      },
      (error: unknown) => {
        response.writeHead(500, { "content-type": "application/problem+json" });
        response.end(JSON.stringify(problem("internal", 500, String(error))));
      },
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(join(home, "token"), token);
  await writeFile(
    join(home, "orchestrator.json"),
    JSON.stringify({ url, pid: process.pid, startedAt: new Date().toISOString(), version: "0.0.0", nodeId: "scripted" }),
  );

  const scripted: ScriptedOrchestrator = {
    home,
    writes: [],
    execution: runningExecution(),
    pending: [],
    approvals: [],
    similar: [],
    silent: false,
    refusal: undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      await rm(home, { recursive: true, force: true });
    },
  };

  async function answer(request: IncomingMessage): Promise<[number, unknown]> {
    const path = new URL(request.url ?? "/", url).pathname;
    const route = `${request.method} ${path}`;
    if (route === "GET /health") return [200, { service: "longhaul", status: "ok", live: true }];
    if (request.headers.authorization !== `Bearer ${token}`) return [401, problem("unauthorized", 401, "No valid token.")];
    const { refusal, execution } = scripted;
    scripted.refusal = undefined;
    if (refusal !== undefined) return [refusal.status, refusal];
    const body = request.method === "POST" ? await bodyOf(request) : undefined;
    const keep = (parsed: unknown) => scripted.writes.push({ path, body: parsed });
    switch (route) {
      case "POST /api/executions":
        keep(HandoffRequest.parse(body));
        return [201, handoffAnswer(execution)];
      case "GET /api/executions":
        return [200, { executions: [{ ...execution, conversationId: "c", workspace: "/w" }], nextCursor: null }];
      case `GET /api/executions/${executionId}`:
        return [200, executionDetail(execution)];
      case `GET /api/executions/${executionId}/status`:
        return [200, ExecutionStatusResponse.parse(execution)];
      case `POST /api/executions/${executionId}/control`:
        keep(ControlRequest.parse(body));
        return [200, { executionId, status: "paused", changed: true, affectedTasks: ["b"] }];
      case `POST /api/executions/${executionId}/rollback`: {
        const asked = RollbackRequest.parse(body);
        keep(asked);
        const files = [{ path: "a", change: "modified", insertions: 1, deletions: 0 }];
        const tasks = [{ id: "t", title: "T", status: "completed", becomes: "pending" }];
        const rest = { number: null, workspace: "/w", files, fileCount: 1, tasks, eventsSince: 3 };
        return [200, RollbackAnswer.parse({ executionId, status: "paused", dryRun: asked.dryRun, ...rest })];
      }
      case "GET /api/recommendations":
        return [200, { recommendations: scripted.similar, estimatedSeconds: null }];
      case `POST /api/executions/${executionId}/plan`: {
        const asked = PlanEditRequest.parse(body);
        keep(asked);
        const added = [{ id: "n", title: "New" }];
        const nothing = { removed: [], changed: [], renamed: [], kept: [], undecided: [], warnings: [] };
        return [200, { executionId, applied: !asked.dryRun, added, unchanged: 3, ...nothing }];
      }
      case `POST /api/executions/${executionId}/budget`:
        keep(BudgetRequest.parse(body));
        return [200, { executionId, budgets: [{ scope: "plan", metric: "usd", spent: 5, allowed: 9 }], released: ["b"] }];
      case "GET /api/approvals":
        return [200, { approvals: scripted.approvals }];
      case "GET /api/actions/pending":
        return [200, { actions: scripted.pending }];
    }
    const approval = scripted.approvals.find(({ id }) => route === `POST /api/approvals/${id}`);
    if (approval !== undefined) {
      const asked = ApprovalDecision.parse(body);
      if (asked.digest !== approval.digest) return [409, problem("conflict", 409, "What was to be approved has changed.")];
      keep(asked);
      scripted.approvals = scripted.approvals.filter((one) => one !== approval);
      const status = asked.decision === "approve" ? "approved" : "rejected";
      return [200, { approvalId: approval.id, executionId, status, changed: true }];
    }
    const [, actionId] = /^POST \/api\/actions\/(.+)\/complete$/.exec(route) ?? [];
    if (actionId === undefined) return [404, problem("not_found", 404, `There is nothing at ${path}.`)];
    keep(CompleteActionRequest.parse(body));
    scripted.pending = scripted.pending.filter(({ id }) => id !== decodeURIComponent(actionId));
    return [200, { executionId, status: "running", changed: true, affectedTasks: [] }];
  }
  return scripted;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

export function problem(code: string, status: number, detail: string, more: Partial<Problem> = {}): Problem {
  return { type: "about:blank", title: code, status, detail, correlationId: "00000000", code, ...more };
}

export function taskBrief(id: string, status: "in_progress" | "completed" | "failed", message: string | null = null) {
  const at = "2026-01-01T00:00:01.000Z";
  const finishedAt = status === "in_progress" ? null : "2026-01-01T00:00:02.000Z";
  return { id, title: `Task ${id}`, status, kind: "shell", startedAt: at, finishedAt, durationSeconds: null, message };
}

/** An approval that waits for the task `c`. */
export function pendingApproval(id: string, letter = "a"): Approval {
  const at = "2026-01-01T00:00:01.000Z";
  return {
    id,
    executionId,
    executionTitle: "Word counter",
    taskId: "c",
    title: "Approve the deployment",
    subject: {
      title: "Approve the deployment",
      taskId: "c",
      why: "It goes to production.",
      unlocks: [{ id: "d", title: "Deploy", does: "shell: ./deploy.sh" }],
      results: [{ id: "b", summary: "built" }],
      workspace: "/w",
      commit: "c0ffee",
      tree: "7ree",
      detail: null,
    },
    digest: letter.repeat(64),
    status: "pending",
    requestedAt: at,
    expiresAt: at,
    decidedAt: null,
    decidedBy: null,
    channel: null,
    note: null,
    link: null,
  };
}

export function runningExecution(): ExecutionStatusResponse {
  return {
    executionId,
    title: "Word counter",
    status: "running",
    reason: null,
    progress: { current: 1, total: 3, percentage: 33.3 },
    currentTask: null,
    runningTasks: [taskBrief("b", "in_progress")],
    completedTasks: [taskBrief("a", "completed")],
    failedTasks: [],
    blockers: [],
    eta: null,
    createdAt: "2026-01-01T00:00:00.000Z",
    startedAt: "2026-01-01T00:00:00.500Z",
    finishedAt: null,
    lastSeq: 4,
    costUsd: 0,
    tokens: 0,
  };
}

function executionDetail(execution: ExecutionStatusResponse): ExecutionDetail {
  const all = [...execution.completedTasks, ...execution.runningTasks, ...execution.failedTasks];
  const nothing = { displayId: "", phase: null, parent: null, attempt: 1, summary: null, exitCode: null, failureClass: null };
  const unknown = { costUsd: null, tokens: null, sessionId: null, logFile: null, isolation: null, sourceLine: null };
  const tasks = all.map((task) => ({ ...task, ...nothing, ...unknown, dependencies: ["a"], evidence: [] }));
  const plan = { planId: "plan-1", conversationId: "c", source: "/w/plan.md", workspace: "/w", priority: "normal" as const };
  return { ...execution, ...plan, phases: [], tasks };
}

function handoffAnswer({ title, status }: ExecutionStatusResponse) {
  return {
    executionId,
    planId: "0199c0de-0000-7000-8000-000000000002",
    title,
    status,
    tasks: 3,
    estimatedDuration: 2.4,
    webhookUrl: null,
    streamUrl: `/api/executions/${executionId}/stream`,
    statusUrl: `/api/executions/${executionId}/status`,
    warnings: ["Task c has no check."],
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
}
