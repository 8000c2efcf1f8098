/** How an ended task is labelled. Only what the orchestrator measured counts: a check it ran, or the exit code of a command. Pure. */
import type { EndedTaskRow } from "../orchestrator/store/patterns.ts";
import type { PatternOutcome } from "./pattern.ts";

/** Kinds whose success is an exit code and not a claim. */
const measuredKinds = new Set(["shell", "http", "git", "deploy", "data", "email"]);

export function judge({ status, kind, result }: Pick<EndedTaskRow, "status" | "kind" | "result">): {
  outcome: PatternOutcome;
  evidence: string[];
} {
  const checks = result?.evidence ?? [];
  const evidence = checks.map(
    ({ argv, exitCode, passed }) => `${argv.at(-1) ?? ""}: ${passed ? "passed" : "failed"}, exit ${exitCode ?? "none"}`,
  );
  if (status === "failed") return { outcome: "failure", evidence };
  if (checks.length > 0 && checks.every(({ passed }) => passed)) return { outcome: "success", evidence };
  if (measuredKinds.has(kind)) {
    const { exitCode } = result ?? {};
    return { outcome: "success", evidence: typeof exitCode === "number" ? [`exit ${exitCode}`] : evidence };
  }
  return { outcome: "unverified", evidence };
}
