/** Similar tasks as people read them in a terminal and in a session (SPEC §11). Pure. */
import type { Recommendation } from "../orchestrator/api/learning-contract.ts";

const verdicts = { success: "SUCCESS", failure: "FAILED", unverified: "NOT VERIFIED" } as const;

/** @returns lines; empty when there is nothing */
export function recommendationLines(found: readonly Recommendation[]): string[] {
  if (found.length === 0) return [];
  const count = found.length === 1 ? "1 similar execution" : `${found.length} similar executions`;
  const best = found.findIndex(({ outcome }) => outcome === "success");
  return [
    `Found ${count} from history:`,
    "",
    ...found.flatMap((one, index) => [...entryLines(one, index + 1), ""]),
    best === -1 ? "None of them is known to have worked." : `Would you like to apply the successful approach from #${best + 1}?`,
  ];
}

function entryLines(one: Recommendation, number: number): string[] {
  const percent = Math.round(one.similarity * 100);
  const times = one.times > 1 ? `, ${one.times} times` : "";
  const fix = one.fixes[0];
  const lines = [
    `${number}. [${percent}% similar] "${one.title}" (${verdicts[one.outcome]}, ${durationText(one.durationSeconds)}${times})`,
    one.commands.length > 0 && `   Commands: ${one.commands.slice(0, 3).join("; ")}`,
    one.outcome === "failure" && one.errors.length > 0 && `   Avoid: ${one.errors[0]}`,
    fix !== undefined && `   After "${fix.error}" this helped: ${fix.steps.join("; ")}`,
    one.evidence.length > 0 && `   Evidence: ${one.evidence[0]}`,
    `   Last executed: ${one.finishedAt.slice(0, 10)}, ${one.reasons.slice(0, 2).join(", ")}`,
  ];
  return lines.filter((line) => typeof line === "string");
}

function durationText(seconds: number): string {
  const [value, unit] =
    seconds < 90
      ? [Math.max(1, Math.round(seconds)), "second"]
      : seconds < 5400
        ? [Math.round(seconds / 60), "minute"]
        : [Math.round(seconds / 360) / 10, "hour"];
  return `${value} ${unit}${value === 1 ? "" : "s"}`;
}
