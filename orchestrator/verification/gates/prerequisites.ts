/** Gate `prerequisites`: the programs in `params.programs` can be found on the PATH that tasks get. */

import { runCheck } from "../check.ts";
import { BadGate, type GateCheck } from "./gate-check.ts";

export const prerequisitesGate: GateCheck = async (context) => {
  const { programs } = context.params;
  if (!Array.isArray(programs) || programs.length === 0 || !programs.every((name) => typeof name === "string"))
    throw new BadGate(`params.programs must be a list of program names, it is ${JSON.stringify(programs)}`);
  const script = 'for name; do command -v -- "$name" >/dev/null || { echo "$name is missing"; exit 1; }; done';
  const check = { criterion: "programs", anti: false, command: ["sh", "-c", script, "sh", ...(programs as string[])] };
  const { outcome, evidence } = await runCheck(context, context.assignment, check, context);
  if (evidence === undefined) throw new BadGate(`it could not be found out: ${outcome.message}`);
  return { passed: evidence.passed, message: evidence.passed ? "all programs are there" : (outcome.summary ?? outcome.message) };
};
