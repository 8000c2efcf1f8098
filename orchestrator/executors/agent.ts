/**
 * Tasks of kind `agent`: their work is done by a remote agent. The executor offers it, waits until an agent has reported how it ended, and judges
 * that; everything that surrounds it (gates, budgets, checkpoints, checks) is as for any other task.
 *
 * Failure story. Killed anywhere: the offer is a row, and whoever adopts the attempt waits on it, or finds it reported. The agent falls silent:
 * the task is held until somebody gives it to another, or goes on with another by itself when the plan says so (`params.onSilent`).
 */
import type { AgentParams } from "../../plan/params/agent.ts";
import { readParams } from "../../plan/task-params.ts";
import type { Dispatcher } from "../agents/dispatcher.ts";
import type { AgentWork, WorkResult } from "../api/agent-work-contract.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { Usage } from "../domain/task.ts";
import type { WorkState } from "../store/agent-work.ts";
import type { Assignment, AttemptContext, Executor, Outcome } from "./executor.ts";
import { Waker } from "./waker.ts";

export type AgentExecutorOptions = {
  dispatcher: Pick<Dispatcher, "offer" | "state" | "withdraw" | "watch" | "former">;
  /** How often an agent must show a sign of life. */
  heartbeatSeconds: number;
  now(): number;
};

/** What is told stands behind every wait: a lost message costs no more than this. */
const lookMs = 30_000;

export function createAgentExecutor(options: AgentExecutorOptions): Executor {
  const { dispatcher, now } = options;
  return {
    kind: "agent",
    async run(assignment, context): Promise<Outcome> {
      const params = readParams("agent", assignment.task); // checked at the hand-off
      // A new attempt cannot have been offered, and every question costs time on the way to the agent.
      const state = assignment.adopted ? await dispatcher.state(assignment) : undefined;
      if (state === undefined) {
        const former = assignment.attempt > 1 ? await dispatcher.former(assignment) : undefined;
        const { status } = await dispatcher.offer({
          executionId: assignment.executionId,
          ordinal: assignment.ordinal,
          attempt: assignment.attempt,
          capabilities: params.capabilities,
          work: { ...workOf(assignment, params, options.heartbeatSeconds), findings: former?.failure ?? null },
          avoid: former?.agentId,
        });
        if (status === undefined) return nobody(params);
      }
      return untilEnded(assignment, context, params, state);
    },
  };

  async function untilEnded(
    assignment: Assignment,
    context: AttemptContext,
    params: AgentParams,
    known: WorkState | undefined,
  ): Promise<Outcome> {
    const { signal } = context;
    const waker = new Waker();
    const wake = () => waker.wake();
    const unwatch = dispatcher.watch(assignment, wake);
    signal.addEventListener("abort", wake);
    const limitMs = (assignment.task.limits?.wallSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    try {
      let state = known ?? (await stateOf(assignment));
      for (;;) {
        const ended = outcomeOf(state, params);
        if (ended !== undefined) return ended;
        if (signal.aborted) return await stop(assignment, signal);
        const leftMs = state.takenMs === undefined ? Number.POSITIVE_INFINITY : state.takenMs + limitMs - now();
        if (leftMs <= 0) {
          await dispatcher.withdraw(assignment, "its time is over");
          // A result that came before it was withdrawn counts.
          const last = outcomeOf(await stateOf(assignment), params);
          if (last !== undefined && last.status === "succeeded") return last;
          const message = `the agent did not end within ${limitMs / 1000} s`;
          return { status: "failed", failureClass: "timeout", message };
        }
        // Who has it is known only after looking; with a limit that is looked for more often.
        await waker.wait(Math.min(lookMs, leftMs, Math.max(1_000, limitMs / 4)));
        state = await stateOf(assignment);
      }
    } finally {
      signal.removeEventListener("abort", wake);
      unwatch();
    }
  }

  async function stateOf(assignment: Assignment): Promise<WorkState> {
    const state = await dispatcher.state(assignment);
    if (state === undefined) throw new LonghaulError("conflict", "the attempt was superseded");
    return state;
  }

  async function stop(assignment: Assignment, signal: AbortSignal): Promise<Outcome> {
    if (signal.reason === "detach") return { status: "detached", message: "let go of" };
    await dispatcher.withdraw(assignment, signal.reason === "superseded" ? "the task goes on elsewhere" : "the task was stopped");
    return { status: "cancelled", message: "stopped on request" };
  }
}

/** Undefined while it goes on. */
function outcomeOf(state: WorkState, params: AgentParams): Outcome | undefined {
  const agent = `agent ${state.agentName ?? "?"}`;
  switch (state.status) {
    case "offered":
    case "taken":
      return undefined;
    case "reported":
      return reported(state.result as WorkResult, agent);
    case "silent":
      return silent(state, params, agent);
    case "withdrawn":
    case "closed":
      return {
        status: "failed",
        failureClass: "never_started",
        message: `taken from ${agent}: ${state.reason ?? "it has stopped"}`,
      };
  }
}

function reported(result: WorkResult, agent: string): Outcome {
  const more = {
    ...(result.summary === undefined ? {} : { summary: result.summary }),
    ...(result.usage === undefined ? {} : { usage: result.usage as Usage }),
  };
  if (result.status === "succeeded") return { status: "succeeded", message: result.message ?? `done by ${agent}`, ...more };
  if (result.status === "halted")
    return {
      status: "failed",
      failureClass: "never_started",
      message: `${agent} gave it back: ${result.message ?? ""}`,
      ...more,
    };
  const failureClass = result.retryable === false ? "permanent" : "transient";
  return { status: "failed", failureClass, message: result.message ?? `failed, says ${agent}`, ...more };
}

function silent(state: WorkState, params: AgentParams, agent: string): Outcome {
  const message = `${agent} fell silent: ${state.reason ?? ""}`;
  // Burns an attempt: what kills every agent that touches it must not go round for ever.
  if (params.onSilent === "reassign") return { status: "failed", failureClass: "ambiguous", message };
  return {
    status: "held",
    message: `${message}; longhaul agents reassign gives it to another`,
    hold: { name: "agent", waitFor: "external", onDone: "continue", detail: { why: "silent", agentId: state.agentId ?? null } },
  };
}

function nobody({ capabilities }: AgentParams): Outcome {
  const wanted = capabilities.length === 0 ? "" : ` with the capabilities ${capabilities.join(", ")}`;
  return {
    status: "held",
    message: `no agent${wanted} is registered and alive; it goes on when one comes (longhaul agents register)`,
    hold: { name: "agent", waitFor: "external", onDone: "continue", detail: { why: "missing", capabilities } },
  };
}

function workOf(assignment: Assignment, params: AgentParams, heartbeatSeconds: number): Omit<AgentWork, "findings"> {
  const { task } = assignment;
  return {
    executionId: assignment.executionId,
    taskId: assignment.taskId,
    attempt: assignment.attempt,
    title: task.title,
    description: task.description,
    params: task.params,
    capabilities: params.capabilities,
    planTitle: assignment.planTitle,
    inputs: assignment.inputs,
    criteria: task.verification.map(({ criterion }) => criterion),
    experience: assignment.experience ?? null,
    workspace: worksInWorkspace(task.params) ? assignment.workspace : null,
    wallSeconds: task.limits?.wallSeconds ?? null,
    heartbeatSeconds,
  };
}

/** Whether the agent is told where the workspace is: it has to be on a machine that sees it. */
export const worksInWorkspace = (params: Readonly<Record<string, unknown>>): boolean =>
  params["workspace"] === "shared" || params["workspace"] === "worktree";
