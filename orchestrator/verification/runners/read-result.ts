/**
 * What a test run said. The user's command is run as it is; a report that can be read by machines comes from the environment (pytest), from
 * a file that the command itself names (`--outputFile=`, `--junitxml=`), or from what it printed (JSON, JUnit XML, TAP, `go test -json`).
 * Where there is none the summary that runners print for people is read.
 */
import { open, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { TestResult } from "../../api/test-result-contract.ts";
import { cargoOutput } from "./cargo.ts";
import { coverageIn } from "./coverage.ts";
import { goJson, goOutput } from "./go.ts";
import { jestOutput, mochaOutput, nodeTestOutput, vitestOutput } from "./javascript.ts";
import { jsonReport } from "./json-report.ts";
import { junitXml } from "./junit-xml.ts";
import { pytestOutput, unittestOutput } from "./python.ts";
import { type RunnerName, readsOnly, runnersOf } from "./recognise.ts";
import { resultOf, type Tally } from "./tally.ts";
import { tap } from "./tap.ts";

type Parser = (text: string) => Tally | undefined;

const printed: Readonly<Record<RunnerName, readonly Parser[]>> = {
  vitest: [(text) => jsonReport(text, "vitest"), vitestOutput],
  jest: [(text) => jsonReport(text, "jest"), jestOutput],
  mocha: [(text) => jsonReport(text, "mocha"), mochaOutput],
  "node:test": [nodeTestOutput],
  pytest: [pytestOutput],
  unittest: [unittestOutput],
  "cargo test": [cargoOutput],
  "go test": [goJson, goOutput],
};
/** Of commands that hide what they start, such as `make test`. */
const anybody: readonly Parser[] = [
  jsonReport,
  junitXml,
  goJson,
  nodeTestOutput,
  tap,
  vitestOutput,
  jestOutput,
  mochaOutput,
  pytestOutput,
  unittestOutput,
  cargoOutput,
  goOutput,
];
const named =
  /(?:--?(?:outputFile|output-file|junit-?xml|test-reporter-destination|reporter-options?|junitfile)(?:\.\w+)?[= ]"?(?:\w+=)?)([^\s"';|&]+\.(?:xml|json|tap))/gi;
const announced = /^(?:JSON|JUNIT) report written to (.+)$/gm;
const mostBytes = 8 * 1024 * 1024;
const reportFile = "pytest.xml";

/** What the environment of a check has to say so that runners write their report into this folder. */
export const reportingEnvironment = (reports: string): Record<string, string> => ({
  PYTEST_ADDOPTS: `--junitxml=${join(reports, reportFile)}`,
});

export type TestRun = {
  command: string;
  cwd: string;
  /** What it printed. */
  logFile: string;
  /** Where `reportingEnvironment` pointed to. */
  reports: string;
  startedMs: number;
};

/** Undefined for a command that runs no tests as far as can be seen. */
export async function readResult(run: TestRun): Promise<TestResult | undefined> {
  if (readsOnly(run.command)) return undefined;
  const runners = await runnersOf(run.command, run.cwd);
  const output = stripVTControlCharacters(await tailOf(run.logFile)).replaceAll("\r", "");
  const coverage = coverageIn(output);
  const withCoverage = (counted: Tally): Tally => (coverage === undefined ? counted : { ...counted, coverage });
  const spoken = [...runners].flatMap((name) => firstOf(printed[name], output));
  // Several runners behind one command: each has to have something that ran, so the worst of them speaks for all.
  if (runners.size > 1 && spoken.length > 1) return resultOf(withCoverage(together(spoken)), "output");
  const written = await writtenReport(run, output);
  if (written !== undefined && (runners.size === 0 || spoken.length <= 1) && !runsAgain(written, spoken[0]))
    return resultOf(withCoverage(written), "file");
  const counted = spoken[0] ?? firstOf(anybody, output)[0];
  return counted === undefined ? undefined : resultOf(withCoverage(counted), "output");
}

/** A file that is written by each of several runs only has the last of them, the output has them all. */
const runsAgain = (written: Tally, spoken: Tally | undefined) =>
  spoken !== undefined && spoken.passed + spoken.failed > written.passed + written.failed;

function firstOf(parsers: readonly Parser[], text: string): Tally[] {
  for (const parse of parsers) {
    const found = parse(text);
    if (found !== undefined) return [found];
  }
  return [];
}

function together(all: Tally[]): Tally {
  const sum = (figure: (one: Tally) => number) => all.reduce((total, one) => total + figure(one), 0);
  const nothingRan = all.filter((one) => one.passed + one.failed === 0);
  return {
    runner: all.map(({ runner }) => runner).join(" and "),
    passed: sum((one) => one.passed),
    failed: sum((one) => one.failed) + nothingRan.length,
    skipped: sum((one) => one.skipped),
    duration: sum((one) => one.duration),
    failures: [
      ...all.flatMap((one) => one.failures),
      ...nothingRan.map(({ runner }) => ({ test: runner, error: "ran no tests" })),
    ],
  };
}

async function writtenReport(run: TestRun, output: string): Promise<Tally | undefined> {
  const own = join(run.reports, reportFile);
  const files = [...run.command.matchAll(named), ...output.matchAll(announced)].map(([, path = ""]) => resolve(run.cwd, path));
  for (const file of [own, ...files.reverse()]) {
    const text = await freshText(file, run.startedMs);
    if (text === undefined) continue;
    const counted = file === own ? junitXml(text, "pytest") : firstOf([junitXml, jsonReport, tap], text)[0];
    if (counted !== undefined) return counted;
  }
  return undefined;
}

/** A report from an earlier run says nothing about this one. */
async function freshText(file: string, startedMs: number): Promise<string | undefined> {
  try {
    const { mtimeMs, size } = await stat(file);
    return mtimeMs < startedMs - 1000 || size > mostBytes ? undefined : await readFile(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

async function tailOf(file: string): Promise<string> {
  const handle = await open(file, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined; // it wrote nothing
    throw error;
  });
  if (handle === undefined) return "";
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.min(size, mostBytes));
    await handle.read(bytes, 0, bytes.length, Math.max(0, size - bytes.length));
    return bytes.toString("utf8");
  } finally {
    await handle.close();
  }
}
