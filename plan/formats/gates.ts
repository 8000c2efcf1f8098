/** Gates of plans in JSON and YAML. One that could not be asked is refused with its line: it would stand open, or stop everything for nothing. */
import type { Draft } from "../draft.ts";
import { gateChecks } from "../gate-checks.ts";
import { Gate } from "../model.ts";
import { PlanError, type PlanProblem } from "../plan-error.ts";
import { type Fields, has, isRecord, records, textOf } from "./record.ts";

/** @throws PlanError with every gate of the document that cannot be asked */
export function refuseBadGates(root: Fields, source: string): void {
  const seen = new Map<unknown, number>();
  const problems = [...gatesIn(root, "the plan")].flatMap(({ owner, gate }) => {
    const name = isRecord(gate) ? gate.check : undefined;
    const earlier = seen.get(name) ?? 0;
    seen.set(name, earlier + 1);
    return problemOf(owner, gate, lineOf(source, name, earlier));
  });
  if (problems.length > 0) throw new PlanError(problems);
}

/** Other tools call other things gates, sentences for instance. */
const isGate = (value: Fields): boolean => has(value, "check", "trigger");

/** Gates of the plan stand before those of each of its tasks. */
export function addPlanGates(root: Fields, draft: Draft): void {
  const gates = Gate.array().parse(records(root.gates).filter(isGate));
  for (const task of draft.tasks) task.gates = [...gates, ...(task.gates ?? [])];
}

/** In the order of the document. */
function* gatesIn(value: Fields, owner: string): Generator<{ owner: string; gate: unknown }> {
  for (const [key, inner] of Object.entries(value)) {
    if (key === "gates") for (const gate of records(inner).filter(isGate)) yield { owner, gate };
    else if (key !== "params")
      for (const record of records(inner))
        yield* gatesIn(record, `task ${textOf(record, "id", "title", "name") ?? "without a name"}`);
  }
}

function problemOf(owner: string, gate: unknown, line: number | undefined): PlanProblem[] {
  const parsed = Gate.safeParse(gate);
  const name = isRecord(gate) ? gate.check : undefined;
  const at = line === undefined ? {} : { line };
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const unknown = typeof name === "string" && !(name in gateChecks);
    const message = unknown
      ? `There is no gate '${name}' (${owner}).`
      : `A gate of ${owner} cannot be used: ${issue?.path.join(".") || "it"} ${issue?.message ?? "has the wrong shape"}.`;
    return [
      {
        code: "bad-gate",
        message,
        ...at,
        fix: `Write {"trigger": "pre|mid|post|evaluation", "check": …, "params": {…}, "onFail": "halt|warn|continue", "action": "rollback"}; checks are ${Object.keys(gateChecks).join(", ")}.`,
      },
    ];
  }
  if (parsed.data.action !== undefined && (parsed.data.trigger !== "post" || parsed.data.onFail !== "halt")) {
    const message = `A gate of ${owner} cannot be used: only a post gate that halts can take the task's work back.`;
    return [{ code: "bad-gate", message, ...at, fix: 'Leave "action" out, or write "trigger": "post", "onFail": "halt".' }];
  }
  const missing = gateChecks[parsed.data.check].filter((parameter) => parsed.data.params[parameter] === undefined);
  if (missing.length === 0) return [];
  const message = `The gate '${parsed.data.check}' of ${owner} needs params.${missing.join(" and params.")}.`;
  return [{ code: "bad-gate", message, ...at, fix: `Write "params": {${missing.map((one) => `"${one}": …`).join(", ")}}.` }];
}

/** @param earlier how many gates of this name stand before it */
function lineOf(source: string, name: unknown, earlier: number): number | undefined {
  if (typeof name !== "string") return undefined;
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const found = [...source.matchAll(new RegExp(`["']?check["']?\\s*:\\s*["']?${escaped}(?![\\w-])`, "g"))][earlier];
  return found === undefined ? undefined : source.slice(0, found.index).split("\n").length;
}
