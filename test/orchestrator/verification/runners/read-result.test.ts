/** Output that the runners really printed (fixtures/), and that of pytest, cargo, node and vitest as they are here. */
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { readResult, reportingEnvironment } from "../../../../orchestrator/verification/runners/read-result.ts";
import { runnersOf } from "../../../../orchestrator/verification/runners/recognise.ts";
import { said } from "../../../../orchestrator/verification/runners/tally.ts";

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const read = (name: string, command = "make test") =>
  readResult({ command, cwd: "/", logFile: fixture(name), reports: "/nowhere", startedMs: 0 });

async function folder(files: Record<string, string>): Promise<string> {
  const made = await mkdtemp("/tmp/longhaul-runner-");
  onTestFinished(() => rm(made, { recursive: true, force: true, maxRetries: 5 }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(made, name, ".."), { recursive: true });
    await writeFile(join(made, name), content);
  }
  return made;
}

/** Runs a command as a check does, and reads what it left. */
async function run(command: string, files: Record<string, string>) {
  const cwd = await folder(files);
  const reports = await folder({});
  const startedMs = Date.now();
  const { PATH, HOME } = process.env;
  const bin = fileURLToPath(new URL("../../../../node_modules/.bin", import.meta.url));
  const env = { PATH: `${bin}:${PATH}`, HOME, CI: "true", TERM: "dumb", ...reportingEnvironment(reports) };
  const { stdout, stderr, status } = spawnSync("bash", ["-c", command], { cwd, env, encoding: "utf8" });
  const logFile = join(reports, "output.log");
  await writeFile(logFile, stdout + stderr);
  return { status, result: await readResult({ command, cwd, logFile, reports, startedMs }) };
}
const has = (program: string) => spawnSync(program, ["--version"]).status === 0;

describe("recorded output", () => {
  it.each([
    ["jest.txt", "jest", 1, 1, 1, "sum › subtracts", "expect(received).toBe(expected)"],
    ["jest-json.txt", "jest", 1, 1, 1, "sum subtracts", "expect(received).toBe(expected)"],
    ["mocha.txt", "mocha", 1, 1, 1, "sum subtracts", "2 == 1"],
    ["mocha-json.txt", "mocha", 1, 1, 1, "sum subtracts", "2 == 1"],
    ["mocha-xunit.txt", "JUnit XML", 1, 1, 1, "sum › subtracts", "2 == 1"],
    ["mocha-tap.txt", "TAP", 1, 1, 1, "sum subtracts", "not ok"],
    ["node.txt", "node:test", 1, 1, 1, "subtracts", "2 == 1"],
    ["node-tap.txt", "node:test", 1, 1, 1, "subtracts", "2 == 1"],
    ["node-junit.txt", "JUnit XML", 1, 1, 1, "sum › subtracts", "2 == 1"],
    ["vitest.txt", "vitest", 1, 2, 1, "broken.test.ts", "Cannot find module"],
    ["vitest.json", "jest", 1, 2, 1, "sum subtracts", "expected 2 to be 1"],
    ["vitest-tap.txt", "TAP", 1, 2, 1, "sum > subtracts", "not ok"],
    ["pytest.txt", "pytest", 1, 1, 2, "test_a.py::test_subtracts", "assert (3 - 1) == 1"],
    ["pytest-quiet.txt", "pytest", 1, 1, 2, "test_a.py::test_subtracts", "assert (3 - 1) == 1"],
    ["pytest.xml", "JUnit XML", 1, 1, 2, "test_a › test_subtracts", "assert (3 - 1) == 1"],
    ["unittest.txt", "unittest", 1, 1, 1, "test_b", "1 != 2"],
    ["cargo.txt", "cargo test", 1, 1, 1, "tests::subtracts", "left == right"],
    ["go.txt", "go test", 0, 1, 0, "TestSubtracts", "want 1"],
    ["go-verbose.txt", "go test", 2, 1, 1, "TestSubtracts", "want 1"],
    ["go-json.txt", "go test", 2, 1, 1, "TestSubtracts", "want 1"],
    ["go-build-failed.txt", "go test", 0, 1, 0, "example.org/work/sums", "build failed"],
  ])("of %s is understood", async (name, runner, passedTests, failedTests, skipped, test, error) => {
    const result = await read(name);
    expect(result).toMatchObject({ runner, passed: false, passedTests, failedTests, skipped });
    expect(result?.totalTests).toBe(passedTests + failedTests + skipped);
    expect(result?.failures.map((one) => `${one.test}: ${one.error}`).join("\n")).toContain(test);
    expect(result?.failures.map((one) => one.error).join("\n")).toContain(error);
  });

  it.each(["jest-none.txt", "vitest-none.txt", "pytest-none.txt", "cargo-none.txt", "go-none.txt", "node-empty.txt"])(
    "of %s is a suite that has not passed, because nothing ran",
    async (name) => {
      const result = await read(name);
      expect(result).toMatchObject({ passed: false, passedTests: 0, failedTests: 0 });
      expect(said(result as NonNullable<typeof result>)).toContain("ran no tests");
    },
  );

  it("has the coverage, where it was measured", async () => {
    expect(await read("go-cover.txt")).toMatchObject({ passed: true, coverage: 100 });
  });

  it("is not looked for where a command reads what another one wrote", async () => {
    expect(await read("pytest.txt", "grep -c passed report.txt")).toBeUndefined();
    expect(await read("pytest.txt", "cat old.log; make test")).toBeDefined();
  });
});

describe("runners that are here", () => {
  it.skipIf(!has("pytest"))("pytest writes its report beside the user's own command, however quiet that is", async () => {
    const files = { "test_a.py": "def test_a(): assert 1 == 1\ndef test_b(): assert 1 == 2\n" };
    const { result } = await run("pytest -qq --no-summary 2>/dev/null | grep -v passed || true", files);
    expect(result).toMatchObject({ runner: "pytest", source: "file", passed: false, passedTests: 1, failedTests: 1 });
    expect(result?.failures).toMatchObject([{ test: "test_a › test_b", error: "assert 1 == 2" }]);
    const twice = await run("pytest -q test_a.py -k test_b; pytest -q test_a.py::test_a", files);
    expect(twice).toMatchObject({ status: 0, result: { passed: false, passedTests: 1, failedTests: 1 } });
  });

  it.skipIf(!has("cargo"))("cargo adds up what its test binaries say", async () => {
    const { result } = await run("cargo test --offline", {
      "Cargo.toml": '[package]\nname = "sums"\nversion = "0.1.0"\nedition = "2021"\n',
      "src/lib.rs": "#[cfg(test)] mod tests { #[test] fn one() {} #[test] #[ignore] fn two() {} }",
      "tests/more.rs": "#[test] fn three() { assert_eq!(1, 1); }",
    });
    expect(result).toMatchObject({ runner: "cargo test", passed: true, passedTests: 2, failedTests: 0, skipped: 1 });
  });

  it("node and vitest behind scripts of package.json", async () => {
    const files = {
      "package.json": JSON.stringify({ type: "module", scripts: { test: "npm run unit", unit: "node --test a.test.js" } }),
      "a.test.js": 'import test from "node:test"; test("a", () => {}); test("b", () => { throw new Error("no b"); });',
    };
    const { status, result } = await run("npm test || true", files);
    expect(status).toBe(0);
    expect(result).toMatchObject({ runner: "node:test", passed: false, passedTests: 1, failedTests: 1 });
    expect(result?.failures).toMatchObject([{ test: "b", error: "Error: no b" }]);
    const file = "node_modules/.report.json";
    const vitest = await run(`vitest run --globals --reporter=json --outputFile=${file} > /dev/null`, {
      "b.test.js": 'test("c", () => expect(1).toBe(1));',
    });
    expect(vitest.result).toMatchObject({ runner: "jest", source: "file", passed: true, passedTests: 1 });
  });
});

it("finds the runner of a command", async () => {
  const cwd = await folder({
    "package.json": JSON.stringify({ scripts: { test: "tsc && vitest run", "t:e2e": "jest -c e2e" } }),
  });
  const of = async (command: string) => [...(await runnersOf(command, cwd))];
  expect(await of("npm test")).toEqual(["vitest"]);
  expect(await of("pnpm -s t:e2e && python -m pytest -q")).toEqual(["pytest", "jest"]);
  expect(await of("npx mocha --recursive")).toEqual(["mocha"]);
  expect(await of("cargo +nightly test --workspace")).toEqual(["cargo test"]);
  expect(await of("cat jest.config.js")).toEqual([]);
  expect(await readFile(fixture("jest.txt"), "utf8")).toContain("✓");
});
