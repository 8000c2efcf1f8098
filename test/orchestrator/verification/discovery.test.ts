/** Tests that nobody named: how a project runs its own, and what that does for tasks of real sessions. */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Client } from "../../../client/client.ts";
import { projectTests } from "../../../orchestrator/verification/project-tests.ts";
import { claudeBinary } from "../../support/claude-code.ts";
import {
  type AnswerBlock,
  claudeEnvironment,
  conversationText,
  hasToolResult,
  type MessagesApi,
  startMessagesApi,
} from "../../support/messages-api.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";

async function folder(files: Record<string, string>): Promise<string> {
  const made = await mkdtemp("/tmp/longhaul-work-");
  onTestFinished(() => rm(made, { recursive: true, force: true, maxRetries: 5 }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(made, name)), { recursive: true });
    await writeFile(join(made, name), content);
  }
  return made;
}

describe("a project's own tests", () => {
  const commands = async (files: Record<string, string>, near: string[]) =>
    (await projectTests(await folder(files))).map((one) => [one.all, one.some(near)]);
  const script = (test: string) => ({ "package.json": JSON.stringify({ scripts: { test } }) });

  it.each([
    [script("vitest run"), ["a.test.ts"], [["npm test", "npm test -- 'a.test.ts'"]]],
    [{ ...script("jest"), "yarn.lock": "" }, ["it's.test.js", "b.py"], [["yarn test", "yarn test 'it'\\''s.test.js'"]]],
    [script("./run-tests.sh"), ["a.test.ts"], [["npm test", undefined]]],
    [script('echo "Error: no test specified" && exit 1'), [], []],
    [{ "tests/test_a.py": "" }, ["tests/test_a.py"], [["python3 -m pytest", "python3 -m pytest 'tests/test_a.py'"]]],
    [{ "pyproject.toml": "[tool.pytest.ini_options]\n", "uv.lock": "" }, [], [["uv run pytest", undefined]]],
    [{ "Cargo.toml": "", Makefile: "test:\n\ttrue\n" }, ["tests/io.rs", "src/a.rs"], [["cargo test", "cargo test --test io"]]],
    [{ "go.mod": "" }, ["a/b_test.go"], [["go test ./...", "go test './a'"]]],
    [{ Makefile: "all:\n\ttrue\ncheck: all\n\ttrue\n" }, [], [["make check", undefined]]],
    [{ "pyproject.toml": "[project]\n" }, [], []],
  ])("%j", async (files, near, expected) => {
    expect(await commands(files as Record<string, string>, near)).toEqual(expected);
  });
});

describe.skipIf(claudeBinary() === undefined)("a session whose task names no check", () => {
  let orchestrator: TestOrchestrator;
  let drop: () => Promise<void>;
  let client: Client;
  let api: MessagesApi;
  let script: (conversation: string, answered: boolean) => AnswerBlock[];
  beforeAll(async () => {
    api = await startMessagesApi((body) => script(conversationText(body), hasToolResult(body)));
    const database = await createTestDatabase();
    drop = database.drop;
    orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
    const { PATH: _path, ...environment } = claudeEnvironment(api.url, orchestrator.home);
    ({ client } = await orchestrator.start({ ...environment, LONGHAUL_CLAUDE: claudeBinary() ?? "" }));
  });
  afterAll(async () => {
    await orchestrator.remove();
    await api.close();
    await drop();
  });

  const sum = (sign: string) => `export const sum = (a, b) => a ${sign} b;\n`;
  const test = (name: string, sums: string) =>
    `import assert from "node:assert";\nimport { test } from "node:test";\nimport { sum } from "./sum.mjs";\ntest("${name}", () => assert.strictEqual(${sums}));\n`;
  const project = async (sign: string) => {
    const made = await folder({
      "package.json": JSON.stringify({ scripts: { test: `${process.execPath} --test` } }),
      "sum.mjs": sum(sign),
      "sum.test.mjs": test("adds", "sum(1, 2), 3"),
      "other.test.mjs": test("adds nothing", "sum(3, 0), 3"),
    });
    const git = (...args: string[]) => execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd: made });
    git("init", "-q");
    git("add", "-A");
    git("commit", "-q", "-m", "base");
    return made;
  };
  const bash = (command: string): AnswerBlock[] => [{ type: "tool_use", name: "Bash", input: { command, description: "Work" } }];
  const done: AnswerBlock[] = [{ type: "text", text: "All tests pass." }];
  const handoff = async (workspace: string, task: object) =>
    (
      await client.handoff({
        plan: { title: "discovery", tasks: [{ id: "a", title: "Speed it up", kind: "claude", ...task }] },
        options: { workspace },
      })
    ).executionId;

  it("is sent back when it breaks the tests of what it touched, and those run before all others", async () => {
    script = (conversation, answered) => {
      if (answered) return done;
      return bash(
        conversation.includes("## The checks fail") ? "sed -i 's/a - b/b + a/' sum.mjs" : "sed -i 's/a + b/a - b/' sum.mjs",
      );
    };
    const executionId = await handoff(await project("+"), {});
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    const { events } = await client.events(executionId, { limit: 1000 });
    expect(events.find((event) => event.type === "task.fixing")?.data["message"]).toContain("'sum.test.mjs'");
    expect(events.filter((event) => event.type === "task.verified").map(({ data }) => [data["passed"], data["total"]])).toEqual([
      [0, 1],
      [2, 2],
    ]);
    const [task] = (await client.execution(executionId)).tasks;
    expect(task?.evidence.map(({ criterion }) => criterion)).toEqual([
      "The tests near the change pass (npm test)",
      "The project's tests pass (npm test)",
    ]);
  });

  it("is not blamed for tests that failed before", async () => {
    script = (_conversation, answered) => (answered ? done : bash("echo '// faster' >> sum.mjs"));
    const executionId = await handoff(await project("-"), {});
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    const [task] = (await client.execution(executionId)).tasks;
    expect(task?.evidence.map(({ passed, result }) => [passed, result])).toEqual([
      [false, expect.stringContaining("1 of 1 tests failed; it failed in the same way before the task")],
      [false, expect.stringContaining("1 of 2 tests failed; it failed in the same way before the task")],
    ]);
  });

  it("has its criteria gone through by a person where nothing can test it", async () => {
    script = () => done;
    const verification = [{ criterion: "The page is blue" }, { criterion: "no blinking", anti: true }];
    const executionId = await handoff(await folder({}), { verification });
    for await (const event of client.stream(executionId)) if (event.type === "task.awaiting_human") break;
    const { events } = await client.events(executionId, { limit: 1000 });
    const hold = events.find((event) => event.type === "task.awaiting_human")?.data["hold"];
    expect(hold).toMatchObject({
      name: "checklist",
      detail: { checklist: [{ criterion: "The page is blue" }, { criterion: "Not: no blinking" }] },
    });
    const action = (await client.pendingActions()).find((one) => one.executionId === executionId);
    await client.completeAction(action?.id ?? "", { note: "all so" });
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
  });
});
