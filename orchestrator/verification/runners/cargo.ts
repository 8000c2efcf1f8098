/** What `cargo test` (libtest) and `cargo nextest` print. Every test binary has a summary of its own; they are added up. */
import { countOf, durationOf, type Tally, tally } from "./tally.ts";

export function cargoOutput(text: string): Tally | undefined {
  const nextest = [...text.matchAll(/^ *Summary \[ *([\d.]+s)\] (.+)$/gm)].at(-1);
  const summaries = [...text.matchAll(/^test result: (?:ok|FAILED)\. (.+)$/gm)];
  if (summaries.length === 0 && nextest === undefined) return undefined;
  const counted = tally("cargo test");
  for (const [, said = ""] of summaries) {
    counted.passed += countOf(said, "passed");
    counted.failed += countOf(said, "failed");
    counted.skipped += countOf(said, "ignored");
    counted.duration += durationOf(/finished in ([\d.]+s)/.exec(said)?.[1] ?? "");
  }
  if (nextest !== undefined) {
    counted.passed += countOf(nextest[2] ?? "", "passed");
    counted.failed += countOf(nextest[2] ?? "", "failed") + countOf(nextest[2] ?? "", "timed out");
    counted.skipped += countOf(nextest[2] ?? "", "skipped");
    counted.duration += durationOf(nextest[1] ?? "");
  }
  counted.failures = [...text.matchAll(/^---- (.+?) stdout ----\n([\s\S]*?)(?=\n---- |\nfailures:\n|\n\n\n)/gm)].map(
    ([, test = "", stack = ""]) => {
      const lines = stack.trim().split("\n");
      const at = lines.findIndex((line) => line.includes("panicked at"));
      return { test, error: [lines[at], lines[at + 1]].filter(Boolean).join(" ") || "failed", stack };
    },
  );
  return counted;
}
