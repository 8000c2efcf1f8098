/** What pytest and unittest print. */
import { countOf, durationOf, type Tally, tally } from "./tally.ts";

const outcome = "\\d+ (?:failed|passed|skipped|deselected|xfailed|xpassed|errors?|warnings?|rerun|subtests passed)";
const summaryLine = new RegExp(
  `^(?:=+ )?((?:${outcome}(?:, )?)+|no tests ran)(?:,? ?\\d+ \\w+)* in ([\\d.]+)s(?: \\([\\d:]+\\))?(?: =+)?$`,
  "gm",
);

/** Several runs in one output are added up. */
export function pytestOutput(text: string): Tally | undefined {
  const summaries = [...text.matchAll(summaryLine)];
  if (summaries.length === 0) return undefined;
  const counted = tally("pytest");
  for (const [, said = "", seconds = "0"] of summaries) {
    counted.passed += countOf(said, "passed") + countOf(said, "xpassed");
    counted.failed += countOf(said, "failed") + countOf(said, "errors?");
    counted.skipped += countOf(said, "skipped") + countOf(said, "xfailed");
    counted.duration += Number(seconds) * 1000;
  }
  counted.failures = [...text.matchAll(/^(?:FAILED|ERROR) (\S.*?)(?: - (.*))?$/gm)].map(([, test = "", error = "failed"]) => ({
    test,
    error,
  }));
  return counted;
}

export function unittestOutput(text: string): Tally | undefined {
  const ran = [...text.matchAll(/^Ran (\d+) tests? in ([\d.]+s)$/gm)].at(-1);
  const verdict = [...text.matchAll(/^(?:OK|FAILED|NO TESTS RAN)(?: \(.*\))?$/gm)].at(-1)?.[0];
  if (ran === undefined || verdict === undefined) return undefined;
  const named = (name: string) => Number(new RegExp(`\\b${name}=(\\d+)`).exec(verdict)?.[1] ?? 0);
  const failed = named("failures") + named("errors") + named("unexpected successes");
  const skipped = named("skipped") + named("expected failures");
  const blocks = [...text.matchAll(/^=+\n(?:FAIL|ERROR): (.+)\n-+\n([\s\S]*?)(?=\n=+\n|\n-{20,}\n)/gm)];
  return tally("unittest", {
    passed: Math.max(0, Number(ran[1]) - failed - skipped),
    failed,
    skipped,
    duration: durationOf(ran[2] ?? ""),
    failures: blocks.map(([, test = "", stack = ""]) => ({ test, error: stack.trim().split("\n").at(-1) ?? "failed", stack })),
  });
}
