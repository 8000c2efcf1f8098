/** Chooses how one attempt is held, writes that down, and tells a sandbox's refusals from the command's own failures. */
import type { Assignment, AttemptContext, Outcome } from "./executor.ts";
import type { Containment, Isolation } from "./isolation.ts";
import type { Confine } from "./isolation-levels.ts";
import { sandboxFailed } from "./sandbox.ts";
import { taskFolder } from "./task-folder.ts";

/** Of podman and docker, when they could not run the container at all. */
const engineFailed = 125;

export type Held = {
  containment: Containment;
  /** Resolves when the event is written: recording must not overlap with it. */
  announced: Promise<void>;
  /** Unknown for an attempt that somebody else started. */
  isolation?: Isolation;
};

/**
 * Without `confine` every task gets `containment`. An attempt that is adopted runs already, however it is held.
 * @throws BrokenTask when the task asks for what this node does not have
 */
export async function holdTask(
  assignment: Assignment,
  { directory, record, recordedOffset }: AttemptContext,
  { confine, containment }: { confine?: Confine; containment: Containment },
  writableHome: boolean,
): Promise<Held> {
  if (assignment.adopted || confine === undefined) return { containment, announced: Promise.resolve() };
  const chosen = await confine(assignment, { directory, cwd: await taskFolder(assignment), writableHome });
  const isolation = chosen.report;
  const event = { type: "task.isolated" as const, data: { ...isolation } };
  const announced = record({ fromOffset: recordedOffset, toOffset: recordedOffset, events: [event] });
  announced.catch(() => undefined); // also when nobody comes to await it
  return { containment: chosen, announced, isolation };
}

/** Says when it was the sandbox: that it could not be built, or that a read-only place may be why the command failed. */
export function explainSandbox(outcome: Outcome, isolation: Isolation | undefined, output: string): Outcome {
  if (isolation === undefined) return outcome;
  const held = { ...outcome, isolation };
  if (isolation.level === "container" && outcome.exitCode === engineFailed) {
    return { ...held, failureClass: "permanent", message: "the container could not be started; the output says why" };
  }
  if (isolation.level !== "sandboxed" || outcome.status !== "failed") return held;
  if (output.includes(sandboxFailed)) {
    return {
      ...held,
      failureClass: "permanent",
      message: "the sandbox could not be built, nothing was run; the output says why",
    };
  }
  if (!/read-only file system|\bEROFS\b/i.test(output)) return held;
  const hint =
    'the sandbox keeps everything outside the workspace read-only: name the folder in isolation.writable, or ask for "contained"';
  return { ...held, message: `${outcome.message}; ${hint}` };
}
