/**
 * Gates of a task (SPEC §5). `pre` stands before the task: one that fails asks for an approval, after which it is not asked again. `mid`,
 * `post` and `evaluation` stand behind work that has succeeded: a failed `mid` asks a person, the others fail the task, and a `post` may also
 * have its work taken back. `warn` and `continue` record what was found and go on.
 */
import { join } from "node:path";
import type { GateCheckName } from "../../plan/gate-checks.ts";
import type { Gate } from "../../plan/model.ts";
import type { AttemptStep } from "../attempt-step.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { Assignment, AttemptContext, Outcome } from "../executors/executor.ts";
import type { GateRecord, VerificationStore } from "../store/verification.ts";
import type { CheckOptions } from "./check.ts";
import { cleanTreeGate } from "./gates/clean-tree.ts";
import { commandGate } from "./gates/command.ts";
import { diskGate } from "./gates/disk.ts";
import { fileGate } from "./gates/file.ts";
import { BadGate, type GateAnswer, type GateCheck } from "./gates/gate-check.ts";
import { httpGate } from "./gates/http.ts";
import { portGate } from "./gates/port.ts";
import { prerequisitesGate } from "./gates/prerequisites.ts";

const builtIn: Readonly<Record<GateCheckName, GateCheck>> = {
  file: fileGate,
  command: commandGate,
  tests: commandGate,
  disk: diskGate,
  "clean-tree": cleanTreeGate,
  port: portGate,
  http: httpGate,
  service: httpGate,
  prerequisites: prerequisitesGate,
};

export type GateOptions = CheckOptions & { store: Pick<VerificationStore, "recordGate">; now(): number };

/** The step that asks the gates before a task. An attempt that is taken over has passed them. */
export function gatesBefore(options: GateOptions): AttemptStep {
  return async (assignment, context, next) => {
    if (assignment.adopted) return next(assignment, context);
    return (await ask(options, assignment, context, ["pre"])) ?? next(assignment, context);
  };
}

/** The step that asks the gates behind a task whose work has succeeded. */
export function gatesAfter(options: GateOptions): AttemptStep {
  return async (assignment, context, next) => {
    const outcome = await next(assignment, context);
    if (outcome.status !== "succeeded") return outcome;
    const stopped = await ask(options, assignment, context, ["mid", "post", "evaluation"]);
    return stopped === undefined ? outcome : { ...outcome, ...stopped };
  };
}

/** Resolves to what stops the task, or to undefined. Gates are asked in the plan's order within a trigger, up to the first that stops it. */
async function ask(
  options: GateOptions,
  assignment: Assignment,
  context: AttemptContext,
  triggers: Gate["trigger"][],
): Promise<Outcome | undefined> {
  for (const trigger of triggers) {
    for (const [position, gate] of assignment.task.gates.entries()) {
      const name = `gate ${position + 1}: ${gate.check}`;
      if (gate.trigger !== trigger || assignment.released.some((released) => released.name === name)) continue;
      const startedMs = options.now();
      const answer = await answerOf(options, assignment, context, gate, position);
      if (answer === undefined) return letGo(context);
      const status: GateRecord["status"] = answer.passed ? "passed" : gate.onFail === "halt" ? "failed" : "warned";
      const score = trigger === "evaluation" ? { score: answer.score ?? (answer.passed ? 1 : 0) } : {};
      const record = { position, trigger, name: gate.check, status, onFail: gate.onFail, message: answer.message, ...score };
      const durationMs = Math.round(options.now() - startedMs);
      if (!(await options.store.recordGate(assignment, { ...record, durationMs })))
        throw new LonghaulError("conflict", "the attempt was superseded");
      if (status === "failed") return stop(gate, name, answer.message);
    }
  }
  return undefined;
}

/** Interrupted, not answered: who takes the attempt over asks again. */
const letGo = ({ signal }: AttemptContext): Outcome => ({
  status: signal.reason === "detach" ? "detached" : "cancelled",
  message: "interrupted at a gate",
});

/** Undefined when the attempt was stopped meanwhile. */
async function answerOf(
  options: GateOptions,
  assignment: Assignment,
  context: AttemptContext,
  gate: Gate,
  position: number,
): Promise<GateAnswer | undefined> {
  const directory = join(context.directory, `gate-${position + 1}`);
  try {
    return await builtIn[gate.check]({ ...options, assignment, params: gate.params, directory, signal: context.signal });
  } catch (error) {
    if (context.signal.aborted) return undefined;
    if (error instanceof BadGate) return { passed: false, message: error.message };
    throw error;
  }
}

function stop({ trigger, check, action }: Gate, name: string, found: string): Outcome {
  const message = `the ${trigger} gate '${check}' failed: ${found}`;
  if (trigger === "pre" || trigger === "mid") {
    const waitFor = trigger === "pre" ? "approval" : "human";
    return {
      status: "held",
      message,
      hold: { name, waitFor, onDone: trigger === "pre" ? "continue" : "complete", detail: { gate: check, found } },
    };
  }
  return { status: "failed", failureClass: "permanent", message, ...(action === undefined ? {} : { rollBack: true }) };
}
