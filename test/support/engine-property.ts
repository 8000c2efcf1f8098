/** Random commands against one execution: the engine's property, run as it is and against deliberately broken engines. */
import fc from "fast-check";
import type { ExecutionStatus } from "../../orchestrator/domain/execution.ts";
import type { TaskStatus } from "../../orchestrator/domain/task.ts";
import {
  type ExecutionCommand,
  executionTransitions,
  type TaskCommand,
  taskTransitions,
} from "../../orchestrator/domain/transition.ts";
import { createBudgetStore } from "../../orchestrator/store/budgets.ts";
import { createCheckpointStore } from "../../orchestrator/store/checkpoints.ts";
import type { Database } from "../../orchestrator/store/db.ts";
import { type ClaimedTask, createEngine, type Ending, type Engine, type NewTask } from "../../orchestrator/store/engine.ts";
import { createPlanEditStore } from "../../orchestrator/store/plan-edits.ts";
import { brokenInvariants } from "./invariants.ts";
import { submissionOf, submitTasks } from "./plans.ts";

const sizes = 7;
const edge = fc.tuple(fc.nat(sizes - 1), fc.nat(sizes - 1)).filter(([from, to]) => from < to);
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant("claim" as const), slots: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 18,
    arbitrary: fc.record({
      do: fc.constant("finish" as const),
      which: fc.nat(5),
      outcome: fc.constantFrom("succeeded", "succeeded", "failed", "retry", "release", "human", "approval", "external", "budget"),
    }),
  },
  { weight: 9, arbitrary: fc.record({ do: fc.constant("late" as const), which: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("pause", "resume", "promote", "rescue", "restart") }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("retry", "rerun", "skip", "done", "answer_failed", "answer_skipped"),
      which: fc.nat(sizes - 1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("rollback", "undo", "edit", "remove", "raise"),
      which: fc.nat(sizes - 1),
      slots: fc.nat(7),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("cancel" as const, "retryAll" as const) }) },
);
type Step = { do: string; slots?: number; which?: number; outcome?: string };

const task = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  readyStatus: fc.constantFrom("queued", "queued", "queued", "awaiting_human", "awaiting_approval"),
});

/** The property: after every command all invariants hold, and the execution can be brought to its end. Throws with the counterexample. */
export async function assertEngineHolds(
  database: Database,
  options: {
    runs: number;
    seed?: number /** Fast: looks for the broken, does not make it small, and looks at the invariants at the end only. */;
    hunting?: boolean;
  },
): Promise<void> {
  const property = fc.asyncProperty(
    fc.array(task, { minLength: sizes, maxLength: sizes }),
    fc.uniqueArray(edge, { selector: String, maxLength: 12 }),
    fc.array(step, { maxLength: 40 }),
    async (tasks, edges, steps: Step[]) => {
      await database.query({ name: "clean", text: "truncate executions, nodes cascade", values: [] });
      const engine = createEngine(database, "a", 30);
      await engine.register("test");
      const id = await submitTasks(engine, tasks, edges);
      const run = createRun(database, engine, id);
      for (const one of steps) {
        await run.apply(one);
        if (options.hunting !== true) await refuseBroken(database);
      }
      await run.toTheEnd();
      await refuseBroken(database);
    },
  );
  await fc.assert(property, {
    numRuns: options.runs,
    endOnFailure: options.hunting === true,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  });
}

async function refuseBroken(database: Database): Promise<void> {
  const broken = await brokenInvariants(database);
  if (broken.length > 0) throw new Error(broken.join("\n"));
}

function createRun(database: Database, engine: Engine, id: string) {
  let current: ClaimedTask[] = [];
  const ever: ClaimedTask[] = [];
  const slots = (total: number) => ({ total, perKind: new Map([["noop", total]]) });
  const checkpoints = createCheckpointStore(database, "a");
  const edits = createPlanEditStore(database);
  const budgets = createBudgetStore(database);
  const holds = ["human", "approval", "external", "budget"];
  const ending = (task: ClaimedTask, outcome: string): Ending => ({
    executionId: task.executionId,
    ordinal: task.ordinal,
    attempt: task.attempt,
    outcome: (holds.includes(outcome) ? "hold" : outcome) as Ending["outcome"],
    detail: {
      message: outcome,
      delayMs: 0,
      ...(holds.includes(outcome)
        ? {
            hold: {
              name: outcome === "budget" ? "budget:plan" : "test",
              waitFor: outcome === "budget" ? "human" : (outcome as "human"),
              onDone: outcome === "approval" ? "complete" : "continue",
            },
          }
        : {}),
    },
  });
  const lastSeq = async () => {
    const rows = await database.query<{ last_seq: string }>({
      name: "last_seq",
      text: "select last_seq from executions where id = $1",
      values: [id],
    });
    return rows[0]?.last_seq;
  };
  /** Commands may be refused by the state; anything but that refusal is a defect. Resolves to whether it was allowed. */
  const command = (call: Promise<unknown>) =>
    call.then(
      () => true,
      (error: { code?: string }) => {
        if (error.code !== "conflict") throw error;
        return false;
      },
    );
  /** A command on a task is refused exactly where the model, the transition table, says so. */
  const onTask = async (name: TaskCommand, which: number, call: () => Promise<unknown>) => {
    const [row] = await database.query<{ status: TaskStatus; execution: string }>({
      name: "task_status",
      text: `select t.status, e.status as execution from execution_tasks t join executions e on e.id = t.execution_id
             where t.execution_id = $1 and t.ordinal = $2`,
      values: [id, which],
    });
    if (row === undefined) throw new Error(`task ${which} is gone`);
    const over = name === "skip" && ["completed", "cancelled"].includes(row.execution) && row.status !== "skipped";
    const expected = !over && taskTransitions[name][row.status] !== "refused";
    const allowed = await command(call());
    if (allowed !== expected) {
      throw new Error(
        `${name} of a task that is ${row.status} was ${allowed ? "allowed" : "refused"}, against the transition table`,
      );
    }
  };
  const execution = async () => {
    const [row] = await database.query<{ status: ExecutionStatus; running: number }>({
      name: "execution_status",
      text: "select status, running from executions where id = $1",
      values: [id],
    });
    if (row === undefined) throw new Error("the execution is gone");
    return row;
  };
  /** The same for commands on the execution. */
  const onExecution = async (name: string, expected: boolean, call: () => Promise<unknown>) => {
    const before = await execution();
    const allowed = await command(call());
    if (allowed !== expected) {
      throw new Error(
        `${name} of an execution that is ${before.status} was ${allowed ? "allowed" : "refused"}, against the model`,
      );
    }
  };
  const allows = (name: ExecutionCommand, status: ExecutionStatus) => executionTransitions[name][status] !== "refused";
  const isOpen = (status: ExecutionStatus) => !["completed", "failed", "cancelled"].includes(status);
  const rollBack = (target: Parameters<typeof checkpoints.begin>[1]) => async () => {
    const number = await checkpoints.begin(id, target, "/w", "tree");
    await checkpoints.commit(id, number, { ref: null, tree: "tree" });
  };
  const lastRollback = async () => {
    const [row] = await database.query<{ number: number }>({
      name: "last_rollback",
      text: "select max(number) as number from rollbacks where execution_id = $1 and not target ? 'undoes' having max(number) is not null",
      values: [id],
    });
    return row?.number;
  };
  const startOf = async (which: number) => {
    const [row] = await database.query<{ seq: string; attempt: number }>({
      name: "start_of",
      text: "select seq, attempt from execution_events where execution_id = $1 and task_id = $2 and type = 'task.started' order by seq desc limit 1",
      values: [id, `t${which}`],
    });
    return row;
  };
  /** Written anew, with other dependencies, as `longhaul edit` does with every task that it changes. */
  const edit = (which: number, dependencies: number) => {
    const { parent: _parent, ...written } = submissionOf([{}]).tasks[0] as NewTask;
    return edits.edit(id, {
      document: { title: "edited" },
      tasks: [{ ...written, ordinal: which, taskId: `t${which}`, maxAttempts: 2 }],
      removed: [],
      rewired: [which],
      edges: Array.from({ length: which }, (_, index) => index)
        .filter((index) => (dependencies >> (index % 3)) & 1)
        .map((dependency) => ({ dependency, dependent: which })),
      event: {},
    });
  };
  const remove = (which: number) =>
    edits.edit(id, { document: { title: "edited" }, tasks: [], removed: [which], rewired: [], edges: [], event: {} });
  const claim = async (total: number) => {
    const { claimed } = await engine.step([], slots(total));
    current.push(...claimed);
    ever.push(...claimed);
  };
  const apply = async ({ do: what, slots: total = 1, which = 0, outcome = "succeeded" }: Step): Promise<void> => {
    if (what === "claim") await claim(total);
    else if (what === "finish" && current.length > 0) {
      const [task] = current.splice(which % current.length, 1);
      await engine.step([ending(task as ClaimedTask, outcome)], slots(0));
    } else if (what === "late" && ever.length > 0) {
      const old = ever.filter((one) => !current.includes(one));
      const late = old.length > 0 ? old : ever;
      const task = late[which % late.length] as ClaimedTask;
      const isCurrent = (await engine.ownAttempts()).some((own) => own.ordinal === task.ordinal && own.attempt === task.attempt);
      const before = await lastSeq();
      const { ended } = await engine.step([ending(task, "succeeded")], slots(0));
      if (ended[0]?.accepted !== isCurrent || (!isCurrent && before !== (await lastSeq()))) {
        throw new Error(
          `a report of attempt ${task.attempt}, which is ${isCurrent ? "" : "not "}the current one, was not treated so`,
        );
      }
      current = current.filter((one) => one !== task || !ended[0]?.accepted);
    } else if (what === "pause" || what === "resume" || what === "cancel") {
      const { status } = await execution();
      await onExecution(what, allows(what, status), () => (what === "resume" ? engine.resume(id) : engine[what](id, undefined)));
    } else if (what === "rollback") {
      const start = await startOf(which);
      if (start === undefined) return;
      const { status, running } = await execution();
      const target = {
        taskId: `t${which}`,
        ordinal: which,
        moment: "before",
        attempt: start.attempt,
        seq: Number(start.seq) - 1,
      } as const;
      await onExecution(what, allows(what, status) && running === 0, rollBack(target));
      if (running === 0) current = [];
    } else if (what === "undo") {
      const number = await lastRollback();
      if (number === undefined) return;
      const { running } = await execution();
      await onExecution(what, running === 0, rollBack({ undoes: number }));
      if (running === 0) current = [];
    } else if (what === "edit" || what === "remove") {
      const { status } = await execution();
      await onExecution(what, isOpen(status), () => (what === "edit" ? edit(which, total) : remove(which)));
    } else if (what === "raise") {
      const { status } = await execution();
      const expected = status !== "completed" && status !== "cancelled";
      await onExecution(what, expected, () => budgets.raise(id, undefined, { usd: 5 }));
    } else if (what === "promote") await engine.promote();
    else if (what === "restart") await engine.register("test");
    else if (what === "rescue") {
      await database.query({
        name: "lapse",
        text: "update nodes set lease_until = longhaul_now() - interval '1 second'",
        values: [],
      });
      await engine.step(
        (await engine.expired()).map((task) => ending(task, "retry")),
        slots(0),
      );
    } else if (what === "retry") await onTask("retry", which, () => engine.retry(id, `t${which}`));
    else if (what === "rerun") await onTask("rerun", which, () => engine.retry(id, `t${which}`, true));
    else if (what === "skip") await onTask("skip", which, () => engine.skip(id, `t${which}`));
    else if (what === "done") await onTask("answer_done", which, () => engine.completeWaiting(id, which, "done", undefined));
    else if (what === "answer_failed") await onTask(what, which, () => engine.completeWaiting(id, which, "failed", undefined));
    else if (what === "answer_skipped") await onTask(what, which, () => engine.completeWaiting(id, which, "skipped", undefined));
    else if (what === "retryAll") await command(engine.retry(id, undefined));
  };
  return {
    apply,
    async toTheEnd() {
      for (let round = 0; round < 50; round += 1) {
        const [row] = await database.query<{ status: string }>({
          name: "status",
          text: "select status from executions where id = $1",
          values: [id],
        });
        if (["completed", "failed", "cancelled"].includes(row?.status ?? "")) return;
        await command(engine.resume(id));
        for (let which = 0; which < sizes; which += 1) await command(engine.completeWaiting(id, which, "done", undefined));
        await engine.promote();
        await claim(10);
        const own = await engine.ownAttempts();
        await engine.step(
          own.map((task) => ending(task, "succeeded")),
          slots(0),
        );
      }
      throw new Error("the execution did not come to an end");
    },
  };
}
