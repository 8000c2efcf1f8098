/** The Test Anything Protocol, versions 12 to 14: only what stands at the left edge counts, subtests belong to their parent. */
import { type Tally, tally } from "./tally.ts";

export function tap(text: string): Tally | undefined {
  const plan = /^1\.\.(\d+)(?: *#.*)?$/m.exec(text);
  const points = [...text.matchAll(/^(not )?ok\b *(\d*) *-? *([^#\n]*)(#.*)?$/gm)];
  if (plan === null && !/^TAP version \d+$/m.test(text)) return undefined;
  const counted = tally("TAP");
  for (const [, not, number = "", name = "", directive = ""] of points) {
    if (/^# *(?:skip|todo)/i.test(directive)) counted.skipped += 1;
    else if (not === undefined) counted.passed += 1;
    else {
      counted.failed += 1;
      counted.failures.push({ test: name.trim() || `test ${number}`, error: "not ok" });
    }
  }
  const missing = Number(plan?.[1] ?? points.length) - points.length;
  if (missing > 0 || /^Bail out!/m.test(text)) {
    counted.failed += Math.max(1, missing);
    counted.failures.push({
      test: "the plan",
      error: /^Bail out!.*$/m.exec(text)?.[0] ?? `${missing} planned tests did not run`,
    });
  }
  return counted;
}
