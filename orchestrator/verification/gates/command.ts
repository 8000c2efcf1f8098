/** Gates `command` and `tests`: `params.command` ends with exit code 0, in the task's tree, run by the orchestrator. */

import { runCheck } from "../check.ts";
import { BadGate, type GateCheck, textParameter } from "./gate-check.ts";

export const commandGate: GateCheck = async (context) => {
  const command = textParameter(context, "command");
  const check = { criterion: command, anti: false, command };
  const { outcome, evidence } = await runCheck(context, context.assignment, check, context);
  if (evidence === undefined) throw new BadGate(`\`${command}\` did not come to an end: ${outcome.message}`);
  return { passed: evidence.passed, message: `\`${command}\` ${outcome.message}` };
};
