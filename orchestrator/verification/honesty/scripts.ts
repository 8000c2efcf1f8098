/** The project's own ways to start its tests: scripts of package.json, targets of make and just. */
import type { Suspicion } from "./compare-tests.ts";
import type { Side } from "./finding.ts";

type Script = { file: string; name: string; text: string };

const runner =
  /\b(?:vitest|jest|mocha|ava|tap|jasmine|karma|playwright|cypress|pytest|py\.test|unittest|tox|nox|cargo|nextest|go|gotestsum|phpunit|rspec|gradle\w*|mvn\w*|dotnet|node|tsx|bun|deno|ctest|swift)\b/g;
const testing = /^(?:test|tests|check|verify|ci|unit|e2e|integration|coverage)\b|test/i;
const hiding =
  /\|\|\s*(?:true|:|exit 0|echo)|;\s*(?:true|:|exit 0)\s*$|\bset \+e\b|\|\s*(?:true|cat|tee)\b(?!.*pipefail)|^\s*-(?=[a-z])|\bcontinue-on-error\b/;
const narrowing =
  /^(?:-t|-k|-m|-g|-o|-u|--grep|--fgrep|--testNamePattern|--test-name-pattern|--exclude|--ignore\S*|--deselect|--testPathIgnorePatterns|--testPathPatterns?|--passWithNoTests|--pass-with-no-tests|--update\S*|--lib|--bins?|--doc|--skip|--skip-\S+|--changed\S*|--related\S*|--onlyChanged|--lf|--last-failed|--co|--collect-only|--no-run|--listTests|--list|--run|-run|-short|--shard|--dir|--root|--project|--bail-ok)(?:=|$)/;
const harmlessPair =
  /^(?:--?(?:reporters?|R|n|p|j|cov\S*|junit\S*|maxWorkers|max-workers|timeout|config|c|tb|durations|color|coverage\S*|outputFile\S*))$/;

export function compareScripts(before: Side, after: Side): Suspicion[] {
  const old = scriptsOf(before);
  const now = scriptsOf(after);
  return old.flatMap((script) => {
    const text = expand(script.text, old);
    if (!testing.test(script.name) && !/\b(?:vitest|jest|mocha|pytest|cargo (?:test|nextest)|go test|--test)\b/.test(text))
      return [];
    const same =
      now.find((one) => one.name === script.name && one.file === script.file) ?? now.find((one) => one.name === script.name);
    const replaced = same === undefined ? "" : expand(same.text, now);
    const why = narrowed(text, replaced);
    if (why === undefined) return [];
    const values = { before: [text], after: [replaced] };
    const file = same?.file ?? script.file;
    return [
      {
        kind: "narrowed" as const,
        file,
        message: `'${script.name}' ${why}: '${text.trim()}' is now '${replaced.trim()}'`,
        about: `${file} ${script.name}`,
        values,
      },
    ];
  });
}

/** Undefined when everything that was run is run, and counts. */
function narrowed(before: string, after: string): string | undefined {
  if (before.trim() === after.trim()) return undefined;
  if (after.trim() === "") return "is gone";
  if (hiding.test(after) && !hiding.test(before)) return "hides how the tests end";
  const parts = segments(after);
  for (const part of segments(before)) {
    const names: string[] = part.match(runner) ?? [];
    if (names.length === 0) continue;
    const candidates = parts.filter((one) => names.every((name) => new RegExp(`\\b${name}\\b`).test(one)));
    if (candidates.length === 0) return "does not run the tests any more";
    if (candidates.every((one) => selectsLess(part, one))) return "runs fewer tests";
  }
  return undefined;
}

/** A path besides others makes more tests run, the first one fewer. */
function selectsLess(before: string, after: string): boolean {
  const added = extra(before, after);
  const paths = (text: string) => extra("", text).filter((word) => /[/.]|^tests?$/.test(word) && !word.startsWith("-"));
  const widened = paths(before).length > 0 && extra(after, before).length === 0;
  return added.some((word) => narrowing.test(word) || (!word.startsWith("-") && !(widened && paths(after).includes(word))));
}

const segments = (text: string) =>
  text
    .split(/&&|;|\n|(?<!\|)\|(?!\|)/)
    .map((part) => part.trim())
    .filter(Boolean);

/** Words that are new, without variables that are set, ways to start the same program, and the values of harmless options. */
function extra(before: string, after: string): string[] {
  const words = (text: string) =>
    text
      .split(/\s+/)
      .filter(
        (word) =>
          !/^\w+=/.test(word) &&
          !/^(?:npx|pnpm|yarn|bunx?|exec|python3?|-m|uv|poetry|run|cross-env|c8|nyc|time|xvfb-run|@?\S*\/?env)$/.test(word),
      );
  const old = words(before);
  const now = words(after);
  return now.filter((word, index) => !old.includes(word) && !harmlessPair.test(now[index - 1] ?? ""));
}

/** What scripts start by `npm run`, in place. */
function expand(text: string, all: readonly Script[], depth = 0): string {
  if (depth > 3) return text;
  return text.replaceAll(
    /\b(?:npm|pnpm|yarn|bun)\s+(?:-\S+\s+)*(?:run\s+)?([\w:.-]+)(?:\s+--(?=\s|$))?/g,
    (whole, name: string) => {
      const script = all.find((one) => one.name === (name === "t" ? "test" : name));
      return script === undefined ? whole : expand(script.text, all, depth + 1);
    },
  );
}

function scriptsOf(side: Side): Script[] {
  return [...side.changed].flatMap(([file, text]) => {
    if (/(?:^|\/)package\.json$/.test(file)) return ofPackage(file, text);
    if (/(?:^|\/)(?:GNU)?[Mm]akefile$|(?:^|\/)\.?[jJ]ustfile$|\.mk$/.test(file)) return ofTargets(file, text);
    return [];
  });
}

function ofPackage(file: string, text: string): Script[] {
  try {
    const { scripts = {} } = JSON.parse(text) as { scripts?: Record<string, unknown> };
    return Object.entries(scripts).map(([name, script]) => ({ file, name, text: String(script) }));
  } catch {
    return []; // broken: the checks will say so
  }
}

function ofTargets(file: string, text: string): Script[] {
  const found = text.matchAll(/^([\w.-]+)[^\n:=]*:(?!=)[^\n]*\n((?:(?:\t| {2,})[^\n]*(?:\n|$)|\n(?=\t| {2,}))*)/gm);
  return [...found].map(([, name = "", recipe = ""]) => ({ file, name, text: recipe.replaceAll(/^[\t ]+@?/gm, "") }));
}
