/** Changing the plan of an execution that is under way, and writing its progress back into the file it came from. */
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { withApprovalPoints } from "../plan/approval-points.ts";
import { compileGraph, type PlanGraph } from "../plan/graph.ts";
import type { Plan, Task } from "../plan/model.ts";
import { type Progress, type Reconciliation, reconcile } from "../plan/reconcile.ts";
import { assertStartable } from "../plan/startable.ts";
import { checkParams } from "../plan/task-params.ts";
import { writeBack } from "../plan/write-back.ts";
import type { PlanEditAnswer } from "./api/plan-edit-contract.ts";
import type { PlanEdits } from "./api/plan-edit-routes.ts";
import { LonghaulError } from "./domain/errors.ts";
import type { TaskStatus } from "./domain/task.ts";
import { type Kinds, newTaskOf } from "./new-task.ts";
import type { Refiner } from "./refiner.ts";
import { type PlanLimits, readRequestedPlan, refusalOf } from "./requested-plan.ts";
import type { PlanEdit, PlanEditStore, StoredPlan, StoredTask } from "./store/plan-edits.ts";

export type PlanEditOptions = {
  store: PlanEditStore;
  kinds: Kinds;
  limits: PlanLimits;
  refine: Refiner;
  onChange(executionId: string): void;
};

const ended: ReadonlySet<TaskStatus> = new Set(["completed", "failed", "cancelled"]);
const underWay: ReadonlySet<TaskStatus> = new Set(["in_progress", "verifying"]);

export function createPlanEdits({ store, kinds, limits, refine, onChange }: PlanEditOptions): PlanEdits {
  return {
    async edit(executionId, request) {
      const stored = await store.plan(executionId);
      const path = request.path ?? (request.text === undefined && request.plan === undefined ? stored.path : undefined);
      if (path === undefined && request.text === undefined && request.plan === undefined) {
        throw new LonghaulError("invalid_input", "path: the plan was not handed off as a file, so there is none to read again", {
          hint: "Give the changed plan as path, text or plan.",
        });
      }
      const { dryRun, parameters = stored.options.parameters, format = stored.options.format, ...source } = request;
      const forEach = parameters === undefined ? undefined : [{}]; // of a template that stood for many, this is one
      const given = { ...source, ...(path === undefined ? {} : { path }) };
      let parsed = await refine(await readRequestedPlan(given, { format, parameters, forEach, limits }));
      try {
        assertStartable(parsed);
        parsed = checkParams(parsed);
      } catch (error) {
        throw refusalOf(error);
      }
      const approved = withApprovalPoints(parsed.plan, stored.options.approvalMode ?? "auto");
      const next = { ...approved, id: stored.plan.id, conversationId: stored.plan.conversationId };
      const byId = new Map(stored.tasks.map((row) => [row.task.id, row]));
      const present = { ...stored.plan, tasks: stored.tasks.filter((row) => !isTakenOut(row)).map(({ task }) => task) };
      const found = reconcile(present, next, (id) => progressOf(byId.get(id)));
      const answer = answerOf(executionId, found, byId);
      const warnings = parsed.report.warnings.map(({ line, text }) => (line === undefined ? text : `line ${line}: ${text}`));
      if (dryRun) return { ...answer, applied: false, warnings };
      const late = await store.edit(executionId, editOf(stored, next, found, kinds, answer));
      onChange(executionId);
      const known = new Set([...answer.kept, ...answer.undecided]);
      return { ...answer, undecided: [...answer.undecided, ...late.filter((id) => !known.has(id))], applied: true, warnings };
    },
    async writeBack(executionId, { dryRun }) {
      const { plan, tasks } = await store.plan(executionId);
      const finished = tasks.filter(({ status }) => status === "completed").map(({ task }) => task);
      const byFile = Map.groupBy(finished, (task) => task.sourceFile ?? "");
      const skipped = (byFile.get("") ?? []).map(({ id }) => ({ id, why: "The plan was not handed off as a file." }));
      byFile.delete("");
      const files = [];
      for (const [file, own] of byFile) {
        const text = await readExactly(file);
        const result = writeBack(
          text,
          plan,
          own.map(({ id }) => id),
        );
        skipped.push(...result.skipped);
        if (!dryRun && result.text !== text) await replaceFile(file, text, result.text);
        files.push({ file, ticked: result.ticked });
      }
      return { executionId, written: !dryRun, files, skipped };
    },
  };
}

const isTakenOut = ({ status, skipCause, task }: StoredTask) =>
  status === "skipped" && skipCause === "user" && task.extra["takenOut"] === true;

function progressOf(row: StoredTask | undefined): Progress {
  if (row?.status === undefined) return "waiting";
  if (ended.has(row.status)) return "finished";
  return underWay.has(row.status) ? "running" : "waiting";
}

function answerOf(
  executionId: string,
  found: Reconciliation,
  byId: ReadonlyMap<string, StoredTask>,
): Omit<PlanEditAnswer, "applied" | "warnings"> {
  const brief = ({ id, title }: Task) => ({ id, title });
  return {
    executionId,
    added: found.added.map(brief),
    removed: found.removed.map(brief),
    changed: found.changed
      .filter(({ progress }) => progress === "waiting")
      .map(({ id, fields }) => ({ id, title: byId.get(id)?.task.title ?? id, fields: fields.map(({ name }) => name) })),
    renamed: found.renamed,
    unchanged: found.unchanged.length,
    kept: found.kept,
    undecided: found.undecided,
  };
}

/** Gives every task of the new plan its place: that of the task it was, or a new one behind the last. */
function editOf(
  stored: StoredPlan,
  next: Plan,
  found: Reconciliation,
  kinds: Kinds,
  answer: Pick<PlanEditAnswer, "added" | "removed" | "changed" | "kept" | "undecided">,
): PlanEdit {
  const graph = compileGraph(next);
  const ordinals = placesOf(stored, next, found);
  const leaves = new Set(graph.leaves.map(({ id }) => id));
  const fixed = new Set([...found.kept, ...found.undecided]);
  const before = new Map(found.renamed.map((name) => [name.after, name.before]));
  const known = new Map(stored.tasks.map((row) => [row.ordinal, row]));
  const touched = new Set([...found.added.map(({ id }) => id), ...found.changed.map(({ id }) => id)]);
  const isTouched = (task: Task) => {
    const old = known.get(ordinals.get(task.id) as number);
    return (
      touched.has(before.get(task.id) ?? task.id) || before.has(task.id) || (old?.status === undefined) === leaves.has(task.id)
    );
  };
  const written = next.tasks.filter((task) => !fixed.has(before.get(task.id) ?? task.id) && isTouched(task));
  const rewired = graph.leaves
    .filter((task) => !fixed.has(before.get(task.id) ?? task.id))
    .map((task) => ordinals.get(task.id) as number);
  const isRewired = new Set(rewired);
  const stillThere = new Set(next.tasks.map((task) => ordinals.get(task.id)));
  const { tasks: _tasks, ...document } = next;
  const removed = stored.tasks
    .filter((row) => row.status !== undefined && !fixed.has(row.task.id) && !isTakenOut(row))
    .filter(
      (row) =>
        !stillThere.has(row.ordinal) || !leaves.has(next.tasks.find((task) => ordinals.get(task.id) === row.ordinal)?.id ?? ""),
    );
  const takenOut = removed
    .filter((row) => !stillThere.has(row.ordinal))
    .map((row) => ({ ...row.task, extra: { ...row.task.extra, takenOut: true } }));
  const toRow = (task: Task, ordinal: number, leaf: boolean) => {
    const { parent: _parent, ...row } = newTaskOf({ plan: next, task, leaf, parent: null, kinds, retry: stored.options.retry });
    return { ...row, ordinal };
  };
  return {
    document,
    tasks: [
      ...written.map((task) => toRow(task, ordinals.get(task.id) as number, leaves.has(task.id))),
      ...takenOut.map((task) => ({
        ...toRow(task, stored.tasks.find((row) => row.task.id === task.id)?.ordinal as number, true),
        skipCause: "user" as const,
      })),
    ],
    removed: removed.map(({ ordinal }) => ordinal),
    rewired,
    edges: edgesOf(graph, ordinals).filter(({ dependent }) => isRewired.has(dependent)),
    event: {
      added: answer.added.map(({ id }) => id),
      removed: answer.removed.map(({ id }) => id),
      changed: answer.changed.map(({ id }) => id),
      kept: answer.kept,
      undecided: answer.undecided,
    },
  };
}

function placesOf(stored: StoredPlan, next: Plan, { renamed }: Reconciliation): Map<string, number> {
  const known = new Map(stored.tasks.map(({ task, ordinal }) => [task.id, ordinal]));
  const before = new Map(renamed.map((name) => [name.after, name.before]));
  let last = Math.max(-1, ...known.values());
  return new Map(
    next.tasks.map(({ id }) => {
      const place = known.get(before.get(id) ?? id);
      if (place === undefined) last += 1;
      return [id, place ?? last];
    }),
  );
}

const edgesOf = (graph: PlanGraph, ordinals: ReadonlyMap<string, number>) =>
  graph.edges.map(({ from, to }) => ({ dependency: ordinals.get(to) as number, dependent: ordinals.get(from) as number }));

/** A file whose bytes are its text, so that writing the text back changes nothing else. */
async function readExactly(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new LonghaulError("not_found", `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      hint: "The plan file must lie where it was when it was handed off.",
    });
  });
  const text = bytes.toString("utf8");
  if (!Buffer.from(text, "utf8").equals(bytes)) {
    throw new LonghaulError("conflict", `${file} is not UTF-8, so its boxes cannot be ticked without changing other bytes`, {
      hint: "Save it as UTF-8.",
    });
  }
  return text;
}

/** Whole or not at all, and never over what somebody saved in between. */
async function replaceFile(file: string, before: string, after: string): Promise<void> {
  const { mode } = await stat(file);
  const temporary = `${file}.longhaul-${process.pid}`;
  await writeFile(temporary, after, { mode });
  if ((await readFile(file, "utf8")) !== before) {
    throw new LonghaulError("conflict", `${file} was changed while its boxes were being ticked`, { hint: "Try again." });
  }
  await rename(temporary, file);
}
