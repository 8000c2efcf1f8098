/** What `go test` prints: with `-json` one event per line, with `-v` a line per test, else only a line per package. */
import { durationOf, type Tally, tally } from "./tally.ts";

type GoEvent = { Action?: string; Package?: string; Test?: string; Output?: string; Elapsed?: number };

/** A test that has subtests is counted by those. */
export function goJson(text: string): Tally | undefined {
  const events = text.split("\n").flatMap((line) => eventIn(line));
  if (events.length === 0) return undefined;
  const keyOf = ({ Package = "", Test = "" }: GoEvent) => `${Package} ${Test}`;
  const names = new Set(events.filter(({ Test }) => Test !== undefined).map(keyOf));
  const parents = new Set(
    [...names].flatMap((name) => (name.includes("/", name.indexOf(" ")) ? [name.slice(0, name.lastIndexOf("/"))] : [])),
  );
  const printed = new Map<string, string>();
  const failedTests = new Set<string>();
  const counted = tally("go test");
  for (const event of events) {
    const key = keyOf(event);
    if (event.Action === "output") printed.set(key, (printed.get(key) ?? "") + (event.Output ?? ""));
    if (event.Test === undefined) {
      if (event.Action === "pass" || event.Action === "fail") counted.duration += (event.Elapsed ?? 0) * 1000;
      // A package that does not build, panics in init or fails in TestMain has no failed test to name it by.
      if (event.Action === "fail" && !failedTests.has(event.Package ?? "")) fail(counted, key, printed.get(key) ?? "");
    } else if (event.Action === "fail") {
      failedTests.add(event.Package ?? "");
      if (!parents.has(key)) fail(counted, key, printed.get(key) ?? "");
    } else if (!parents.has(key)) {
      if (event.Action === "pass") counted.passed += 1;
      if (event.Action === "skip") counted.skipped += 1;
    }
  }
  for (const [, name = "", why = ""] of text.matchAll(/^FAIL\t(\S+) (\[(?:build|setup) failed\])$/gm)) fail(counted, name, why);
  return counted;
}

function eventIn(line: string): GoEvent[] {
  if (!line.startsWith("{") || !line.includes('"Action"')) return [];
  try {
    const event = JSON.parse(line) as GoEvent;
    return typeof event.Action === "string" && event.Package !== undefined ? [event] : [];
  } catch {
    return []; // a line of a program that prints JSON itself
  }
}

function fail(counted: Tally, key: string, output: string): void {
  const lines = output.split("\n").filter((line) => !/^(?:=== |\s*--- |FAIL|exit status)/.test(line) && line.trim() !== "");
  counted.failed += 1;
  counted.failures.push({ test: key.trim(), error: lines[0]?.trim() ?? "failed", stack: lines.slice(1).join("\n") });
}

/** With `-v` a test says what is wrong before its verdict. */
function printedBy(name: string, text: string): string {
  const start = text.indexOf(`=== RUN   ${name}\n`);
  const end = text.indexOf(`--- FAIL: ${name} `, start);
  return start < 0 || end < 0 ? "" : text.slice(start, end);
}

/** Without `-v` the packages are what is counted: the runner does not say more. */
export function goOutput(text: string): Tally | undefined {
  const packages = [
    ...text.matchAll(/^(ok|FAIL|---)?[ \t]+?(\S+)\t(?:([\d.]+s)|\(cached\)|\[build failed\]|\[setup failed\])(.*)$/gm),
  ];
  const empty = /^\?\s+\S+\s+\[no test files\]$/m.test(text);
  const tests = [...text.matchAll(/^ *--- (PASS|FAIL|SKIP): (\S+) \(([\d.]+s)\)\n((?: {4,}(?!--- ).*\n)*)/gm)];
  if (packages.length === 0 && !empty && !(tests.length > 0 && /^(?:PASS|FAIL)$/m.test(text))) return undefined;
  const counted = tally("go test");
  const parents = new Set(tests.flatMap(([, , name = ""]) => (name.includes("/") ? [name.slice(0, name.lastIndexOf("/"))] : [])));
  for (const [, verdict, name = "", , body = ""] of tests) {
    if (parents.has(name)) continue;
    if (verdict === "PASS") counted.passed += 1;
    else if (verdict === "SKIP") counted.skipped += 1;
    else fail(counted, name, body === "" ? printedBy(name, text) : body);
  }
  const verbose = tests.some(([, verdict]) => verdict === "PASS");
  for (const [, verdict, name = "", elapsed = "", rest = ""] of packages) {
    counted.duration += durationOf(elapsed);
    if (verdict === "FAIL" && counted.failed === 0) fail(counted, name, rest);
    else if (verdict === "ok" && !verbose && !rest.includes("[no tests to run]")) counted.passed += 1;
  }
  return counted;
}
