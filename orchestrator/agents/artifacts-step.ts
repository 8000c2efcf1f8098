/** The step that lets the checks of an agent's task find what the agent has left: its folder is in LONGHAUL_ARTIFACTS, also for sandboxed ones. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isolationRequest } from "../../plan/isolation.ts";
import type { AttemptStep } from "../attempt-step.ts";
import { artifactFolder } from "./reports.ts";

export const withArtifacts: AttemptStep = async (assignment, context, next) => {
  const { task } = assignment;
  if (task.kind !== "agent" || task.verification.length === 0) return next(assignment, context);
  const folder = join(context.directory, artifactFolder);
  await mkdir(folder, { recursive: true });
  const asked = isolationRequest(task.isolation);
  const isolation = { ...asked, writable: [...(asked.writable ?? []), folder] };
  const environment = { ...assignment.environment, LONGHAUL_ARTIFACTS: folder };
  return next({ ...assignment, environment, task: { ...task, isolation } }, context);
};
