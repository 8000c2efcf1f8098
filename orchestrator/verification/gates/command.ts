/**
 * Gates `command` and `tests`: `params.command` ends with exit code 0, in the task's tree, run by the orchestrator. A line `score: 0.8` that it
 * prints is its score, which must be at least `params.minimum`.
 */
import { runCheck } from "../check.ts";
import { BadGate, type GateCheck, numberParameter, textParameter } from "./gate-check.ts";

export const commandGate: GateCheck = async (context) => {
  const command = textParameter(context, "command");
  const check = { criterion: command, anti: false, command };
  const { outcome, evidence } = await runCheck(context, context.assignment, check, context);
  if (evidence === undefined) throw new BadGate(`\`${command}\` did not come to an end: ${outcome.message}`);
  const said = [...(outcome.summary ?? "").matchAll(/^\s*score\s*[:=]\s*(-?[\d.]+)\s*$/gim)].at(-1)?.[1];
  const message = `\`${command}\` ${evidence.result}`;
  if (said === undefined || !Number.isFinite(Number(said))) return { passed: evidence.passed, message };
  const score = Number(said);
  const minimum = numberParameter(context, "minimum", 0);
  return { passed: evidence.passed && score >= minimum, message: `${message}, score ${score} (at least ${minimum})`, score };
};
