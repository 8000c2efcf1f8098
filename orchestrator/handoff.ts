/** Handing off: reads a plan, refuses what cannot start, and makes it an execution. */
import { createHash } from "node:crypto";
import { mkdir, stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { v7 as uuidv7 } from "uuid";
import { withApprovalPoints } from "../plan/approval-points.ts";
import { compileGraph } from "../plan/graph.ts";
import { type IsolationLevel, isolationRequest } from "../plan/isolation.ts";
import type { ParsedPlan, Plan } from "../plan/model.ts";
import { assertStartable } from "../plan/startable.ts";
import { checkParams } from "../plan/task-params.ts";
import type { HandoffRequest, HandoffResponse } from "./api/contract.ts";
import { ExecutionStatus } from "./api/contract.ts";
import type { HandoffEachRequest, HandoffEachResponse } from "./api/handoff-each-contract.ts";
import { LonghaulError } from "./domain/errors.ts";
import type { Forecaster } from "./forecaster.ts";
import { type Kinds, lackOf, newTaskOf, priorities, skipCause } from "./new-task.ts";
import type { Refiner } from "./refiner.ts";
import { type PlanLimits, readRequestedPlan, readRequestedPlans, refusalOf } from "./requested-plan.ts";
import type { Engine } from "./store/engine.ts";
import type { ExecutionStore } from "./store/executions.ts";

export type HandoffOptions = {
  engine: Engine;
  executions: ExecutionStore;
  /** Kinds of task that this orchestrator has an executor for. */
  kinds: Kinds;
  limits: PlanLimits;
  refine: Refiner;
  forecast: Forecaster;
  /** Folder for workspaces of plans that name none. */
  workspaces: string;
  /** How tasks are held that ask for nothing. */
  isolation: IsolationLevel;
  /** Which nodes can see a workspace. */
  placeOf(workspace: string): string;
  /** Address of this orchestrator, for the links in answers. */
  url(): string;
  /** Tells the worker of this node, and the readers, that something changed. */
  onChange(executionId: string): void;
};
export type Handoffs = {
  handoff(request: HandoffRequest): Promise<HandoffResponse>;
  handoffEach(request: HandoffEachRequest): Promise<HandoffEachResponse>;
  /** @throws LonghaulError when handing this off would be refused */
  check(request: HandoffEachRequest): Promise<void>;
};

export function createHandoffs(options: HandoffOptions): Handoffs {
  const { engine, executions } = options;

  const readingOf = ({ options: { format, parameters } }: HandoffRequest) => ({ format, parameters, limits: options.limits });

  async function handoff(request: HandoffRequest): Promise<HandoffResponse> {
    const read = await options.refine(await readRequestedPlan(request, readingOf(request)));
    return start(startable(read, request.options.confirmExternal), request);
  }

  async function start(parsed: ParsedPlan, request: HandoffRequest): Promise<HandoffResponse> {
    const { report } = parsed;
    const plan = withApprovalPoints(parsed.plan, request.options.approvalMode);
    if (request.title !== undefined) plan.title = request.title;
    const graph = compileGraph(plan);

    const executionId = uuidv7();
    const workspace = await chooseWorkspace(request, plan, join(options.workspaces, executionId));
    const ordinals = new Map(plan.tasks.map((task, index) => [task.id, index]));
    const leaves = new Set(graph.leaves.map((task) => task.id));
    const warnings = report.warnings.map((warning) =>
      warning.line === undefined ? warning.text : `line ${warning.line}: ${warning.text}`,
    );
    const tasks = plan.tasks.map((task) =>
      newTaskOf({
        plan,
        task,
        leaf: leaves.has(task.id),
        parent: task.parent === undefined ? null : (ordinals.get(task.parent) ?? null),
        kinds: options.kinds,
        retry: request.options.retry,
      }),
    );
    for (const kind of new Set(
      graph.leaves.map((task) => task.kind).filter((kind) => kind !== "human" && !options.kinds.has(kind)),
    )) {
      warnings.push(`${lackOf(kind, options.kinds)} They will wait for a person.`);
    }
    const seeing = graph.leaves.filter((task) => seesState(isolationRequest(task.isolation).level ?? options.isolation));
    if (request.options.approvalMode !== "auto" && seeing.length > 0) {
      const named = seeing.slice(0, 3).map((task) => `'${task.id}'`);
      warnings.push(
        `Isolation below 'sandboxed' lets ${named.join(", ")}${seeing.length > 3 ? ` and ${seeing.length - 3} more` : ""} read the orchestrator's token: the approvals of this plan cannot be kept from such a task.`,
      );
    }
    const { idempotencyKey, ...rest } = request.options;
    const { tasks: _tasks, ...document } = plan;
    const submitted = await engine.submit({
      execution: {
        id: executionId,
        priority: priorities[request.options.priority],
        options: request.path === undefined ? rest : { ...rest, path: request.path },
        workspace,
        place: options.placeOf(workspace),
        maxRunning: request.options.concurrency ?? 1000,
        idempotencyKey,
        digest: createHash("sha256")
          .update(JSON.stringify([request.text ?? request.plan ?? request.path, rest]))
          .digest("hex"),
      },
      plan: { id: plan.id, conversationId: plan.conversationId, source: plan.source, title: plan.title, document, report },
      tasks,
      dependencies: graph.edges.map((edge) => ({
        dependency: ordinals.get(edge.to) as number,
        dependent: ordinals.get(edge.from) as number,
      })),
    });
    options.onChange(submitted.executionId);
    const row = submitted.created
      ? { plan_id: plan.id, title: plan.title, total: leaves.size }
      : await executions.execution(submitted.executionId);
    const link = `${options.url()}/api/executions/${submitted.executionId}`;
    return {
      executionId: submitted.executionId,
      planId: row.plan_id,
      title: row.title,
      status: ExecutionStatus.parse(submitted.status),
      tasks: row.total,
      estimatedDuration: plan.metadata.estimatedDuration > 0 ? plan.metadata.estimatedDuration : null,
      webhookUrl: request.options.webhookUrl ?? null,
      streamUrl: `${link}/stream`,
      statusUrl: `${link}/status`,
      warnings,
      forecast: await options.forecast(plan),
      created: submitted.created,
    };
  }

  async function startableEach({ forEach, ...request }: HandoffEachRequest) {
    const read = await readRequestedPlans(request, { ...readingOf(request), forEach });
    const refined = await Promise.all(read.map(async ({ values, parsed }) => ({ values, parsed: await options.refine(parsed) })));
    return refined.map(({ values, parsed }) => ({ values, parsed: startable(parsed, request.options.confirmExternal) }));
  }

  /** Nothing starts before everything was read and checked; each entry is a hand-off with a key of its own. */
  async function handoffEach({ forEach, ...request }: HandoffEachRequest): Promise<HandoffEachResponse> {
    const plans = await startableEach({ forEach, ...request });
    const handedOff: HandoffEachResponse["executions"] = [];
    const { idempotencyKey: key } = request.options;
    for (const [index, { values, parsed }] of plans.entries()) {
      const own = key === undefined ? request.options : { ...request.options, idempotencyKey: `${key}#${index + 1}` };
      handedOff.push({ ...(await start(parsed, { ...request, options: { ...own, parameters: values } })), values });
    }
    return { executions: handedOff };
  }

  return {
    handoff,
    handoffEach,
    async check(request) {
      for (const { parsed } of await startableEach(request)) await chooseWorkspace(request, parsed.plan, options.workspaces);
    },
  };
}

/** A task at such a level could take the token from LONGHAUL_HOME and decide for its owner. */
const seesState = (level: IsolationLevel) => level === "process" || level === "contained";

/** The plan as it can start: what is told too little is a person's. */
function startable(read: ParsedPlan, confirmExternal: boolean): ParsedPlan {
  const parsed = checkedParams(read);
  const { plan } = parsed;
  const { leaves } = compileGraph(plan);
  if (leaves.length > 0 && leaves.every((task) => skipCause(plan, task) !== null)) {
    throw new LonghaulError(
      "invalid_plan",
      `All ${leaves.length} tasks are done, deferred or optional: there is nothing to run.`,
      {
        hint: "Untick what should run again.",
      },
    );
  }
  if (plan.externalRefs.length > 0 && !confirmExternal) {
    const refs = plan.externalRefs.map((ref) => `${ref.from} → ${ref.ref}${ref.line === undefined ? "" : ` (line ${ref.line})`}`);
    throw new LonghaulError("invalid_plan", `The plan depends on things outside it: ${refs.join(", ")}`, {
      hint: "Check that they are done, then hand off again with options.confirmExternal (CLI: --confirm-external).",
      details: { externalRefs: plan.externalRefs },
    });
  }
  return parsed;
}

function checkedParams(parsed: ParsedPlan): ParsedPlan {
  try {
    assertStartable(parsed);
    return checkParams(parsed);
  } catch (error) {
    throw refusalOf(error);
  }
}

/** As asked; else the repository or folder that the plan file lies in; else a new folder of our own. */
async function chooseWorkspace(request: HandoffRequest, plan: Plan, own: string): Promise<string> {
  const asked = request.options.workspace ?? plan.metadata.workspace;
  if (asked !== undefined) {
    if (!isAbsolute(asked)) throw new LonghaulError("invalid_input", `options.workspace: '${asked}' is not an absolute path`);
    if (!(await isFolder(asked))) {
      throw new LonghaulError("invalid_input", `options.workspace: '${asked}' is not a folder on the orchestrator's machine`, {
        hint: "Create it, or hand off from the folder that the tasks should run in.",
      });
    }
    return asked;
  }
  if (request.path === undefined) {
    await mkdir(own, { recursive: true });
    return own;
  }
  const start = (await isFolder(request.path)) ? request.path : dirname(request.path);
  for (let folder = start; ; folder = dirname(folder)) {
    if ((await stat(join(folder, ".git")).catch(() => undefined)) !== undefined) return folder;
    if (dirname(folder) === folder) return start;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
