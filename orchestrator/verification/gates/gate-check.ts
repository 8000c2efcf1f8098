/** What a built-in gate is: a question about the machine or the task's tree, answered with yes or no and a sentence. */
import type { Assignment, AttemptContext } from "../../executors/executor.ts";
import type { CheckOptions } from "../check.ts";

export type GateAnswer = {
  passed: boolean;
  message: string;
  /** What an evaluation says; 1 or 0 without it. */
  score?: number;
};
/** What a gate may use. `directory` is its own, in the attempt's. */
export type GateContext = CheckOptions & {
  assignment: Assignment;
  params: Readonly<Record<string, unknown>>;
  directory: string;
  signal: AttemptContext["signal"];
};
/** May throw `BadGate` for parameters that cannot be used. */
export type GateCheck = (context: GateContext) => Promise<GateAnswer>;

/** Parameters that the gate cannot work with; the message names the parameter, its value and what it must be. */
export class BadGate extends Error {}

export function textParameter({ params }: GateContext, name: string): string {
  const value = params[name];
  if (typeof value === "string" && value.trim() !== "") return value;
  throw new BadGate(`params.${name} must be a text, it is ${JSON.stringify(value)}`);
}

export function numberParameter({ params }: GateContext, name: string, fallback?: number): number {
  const value = params[name] ?? fallback;
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new BadGate(`params.${name} must be a number from 0, it is ${JSON.stringify(value)}`);
}
