/** Builds: one sentence handed off as a plan of eight steps, and its execution told in the words of steps. */
import { type IntentStep, intentStepOf, intentSteps } from "../plan/templates/intent-build.ts";
import { routeBuilds } from "./api/aliases.ts";
import type { DecisionAnswer } from "./api/approval-contract.ts";
import type { BuildApproval, BuildRequest, BuildStarted, BuildStatus } from "./api/build-contract.ts";
import type { ControlResponse, ExecutionDetail, HandoffRequest, TaskDetail } from "./api/contract.ts";
import type { Feature } from "./api/door-env.ts";
import type { Approvals } from "./approvals.ts";
import { LonghaulError } from "./domain/errors.ts";
import type { Commands, Queries } from "./service.ts";
import { type BuildStore, createBuildStore } from "./store/builds.ts";
import type { Database } from "./store/db.ts";

export type Builds = {
  start(request: BuildRequest): Promise<BuildStarted>;
  status(executionId: string): Promise<BuildStatus>;
  retry(executionId: string, fromStep: number | string): Promise<ControlResponse>;
  approve(executionId: string, decision: BuildApproval, by: string): Promise<DecisionAnswer>;
};

type BuildOptions = {
  commands: Pick<Commands, "handoff" | "control">;
  queries: Pick<Queries, "execution" | "status">;
  approvals: Pick<Approvals, "list" | "decide">;
  store: BuildStore;
  url(): string;
};

const questionsFile = "WORK/questions.md";

/** The routes of builds, put together. */
export const createBuildRoutes = ({ database, ...parts }: Omit<BuildOptions, "store"> & { database: Database }): Feature =>
  routeBuilds(createBuilds({ ...parts, store: createBuildStore(database) }));

function createBuilds({ commands, queries, approvals, store, url }: BuildOptions): Builds {
  return {
    async start(request) {
      const started = await commands.handoff(handoffOf(request));
      const link = `${url()}/executor/builds/${started.executionId}`;
      return {
        build_id: started.executionId,
        executionId: started.executionId,
        title: started.title,
        status: started.status,
        status_url: `${link}/status`,
        stream_url: `${link}/stream`,
        warnings: started.warnings,
        created: started.created,
      };
    },
    async status(executionId) {
      const [status, execution] = await Promise.all([queries.status(executionId), queries.execution(executionId)]);
      const { ids, facts } = currentOf(execution);
      const { iterations, files } = await store.work(executionId, ids);
      const { tests } = facts;
      return {
        ...status,
        build_id: executionId,
        current_step: facts.step,
        current_step_name: facts.name,
        total_steps: intentSteps.length,
        steps_completed: facts.ended,
        current_step_details: {
          ai_iterations: iterations,
          files_created: files,
          tests_passing: tests?.passedTests ?? null,
          tests_failing: tests?.failedTests ?? null,
        },
      };
    },
    async retry(executionId, fromStep) {
      const name = typeof fromStep === "number" || /^\d$/.test(fromStep) ? intentSteps[Number(fromStep) - 1] : fromStep;
      const { tasks } = await queries.execution(executionId);
      const first = tasks.find((task) => intentStepOf(task.id) === name);
      if (name === undefined || first === undefined) {
        throw new LonghaulError("invalid_input", `from_step: this execution has no step '${fromStep}'`, {
          hint: `Give a number from 1 to ${intentSteps.length}, or one of ${intentSteps.join(", ")}.`,
        });
      }
      return commands.control(executionId, { action: "retry", fromTask: first.id });
    },
    async approve(executionId, { decision, digest, note, channel }, by) {
      const pending = (await approvals.list(executionId)).filter(({ status }) => status === "pending");
      const asked = pending.find((approval) => approval.digest === digest);
      if (asked === undefined) {
        const why = pending.length === 0 ? "waits for no approval" : "waits for an approval of something else";
        throw new LonghaulError("conflict", `Execution ${executionId} ${why}`, {
          hint: "GET /api/approvals?executionId=… shows what waits, with the digest of exactly that.",
        });
      }
      return approvals.decide(asked.id, { decision, digest, ...(note === undefined ? {} : { note }) }, by, channel ?? "api");
    },
  };
}

function handoffOf(request: BuildRequest): HandoffRequest {
  const { deploy, approval_mode: approvalMode } = request;
  const given: Record<string, string | number | undefined> = {
    name: request.name,
    test: request.test,
    start: request.start,
    iterations: request.max_iterations,
    ask: (request.ask ?? approvalMode !== "auto") ? questionsFile : undefined,
    github: request.github?.name,
    host: deploy?.host,
    port: deploy?.port,
    user: deploy?.user,
    hostKey: deploy?.host_key,
    key: deploy?.key,
    folder: deploy?.folder,
    image: deploy?.image,
    run: deploy?.start,
    health: deploy?.health_url,
    healthSeconds: deploy?.health_seconds,
    registry: request.registry_url,
  };
  const parameters = Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
  return {
    text: request.intent,
    ...(request.conversation_id === undefined ? {} : { conversationId: request.conversation_id }),
    options: {
      priority: "normal",
      confirmExternal: false,
      format: "intent",
      approvalMode,
      parameters,
      ...(request.workspace === undefined ? {} : { workspace: request.workspace }),
      ...(request.budget === undefined ? {} : { budget: request.budget }),
      ...(request.value_usd === undefined ? {} : { valueUsd: request.value_usd }),
      ...(request.idempotency_key === undefined ? {} : { idempotencyKey: request.idempotency_key }),
    },
  };
}

type Facts = {
  step: number | null;
  name: IntentStep | null;
  ended: BuildStatus["steps_completed"];
  tests: TaskDetail["evidence"][number]["tests"];
};

/** The first step with a task that has not ended well is the current one; what came before it is behind us. */
function currentOf({ tasks }: ExecutionDetail): { ids: string[]; facts: Facts } {
  const groups = intentSteps.map((name, index) => ({
    step: index + 1,
    name,
    tasks: tasks.filter((task) => intentStepOf(task.id) === name),
  }));
  const there = groups.filter((group) => group.tasks.length > 0);
  const ended = there.flatMap(({ step, name, tasks: own }) => {
    const status = endOf(own);
    return status === undefined ? [] : [{ step, name, status, duration_seconds: secondsOf(own) }];
  });
  const current = there.find(({ tasks: own }) => !["completed", "skipped"].includes(endOf(own) ?? "open"));
  const behind = ({ step }: { step: number }) => step <= (current?.step ?? step); // what hangs on a failed step is skipped, not done
  const tested = tasks.flatMap(({ evidence }) => evidence.flatMap(({ tests }) => (tests === undefined ? [] : [tests])));
  return {
    ids: (current?.tasks ?? tasks).map(({ id }) => id),
    facts: { step: current?.step ?? null, name: current?.name ?? null, ended: ended.filter(behind), tests: tested.at(-1) },
  };
}

/** Undefined while something of it is still to come. */
function endOf(tasks: TaskDetail[]): "completed" | "skipped" | "failed" | undefined {
  if (tasks.some(({ status }) => status === "failed")) return "failed";
  if (tasks.some(({ status }) => !["completed", "skipped", "cancelled"].includes(status))) return undefined;
  return tasks.some(({ status }) => status === "completed") ? "completed" : "skipped";
}

function secondsOf(tasks: TaskDetail[]): number | null {
  const known = tasks.flatMap(({ durationSeconds }) => (durationSeconds === null ? [] : [durationSeconds]));
  return known.length === 0 ? null : Math.round(known.reduce((sum, seconds) => sum + seconds, 0) * 10) / 10;
}
