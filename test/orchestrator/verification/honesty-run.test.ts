/** Tests that say less after a task than before it, on a real orchestrator with real repositories. */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Client } from "../../../client/client.ts";
import { evidenceOf } from "../../../client/verification.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";

let orchestrator: TestOrchestrator;
let drop: () => Promise<void>;
let client: Client;
let workspace: string;
beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
  ({ client } = await orchestrator.start());
});
afterAll(async () => {
  await orchestrator.remove();
  await drop();
});
beforeEach(async () => {
  workspace = await mkdtemp("/tmp/longhaul-work-");
  await mkdir(join(workspace, "test"));
  await writeFile(join(workspace, "sum.mjs"), "export const sum = (a, b) => a - b;\n");
  await writeFile(join(workspace, "test", "sum.test.mjs"), testFile);
  return () => rm(workspace, { recursive: true, force: true, maxRetries: 5 });
});

const testFile = `import assert from "node:assert";
import { test } from "node:test";
import { sum } from "../sum.mjs";
test("adds nothing", () => assert.strictEqual(sum(3, 0), 3));
test("adds", () => assert.strictEqual(sum(1, 2), 3));
`;
const node = JSON.stringify(process.execPath);
const verify = `${node} --test 'test/*.mjs'`;
const skip = 'sed -i \'s/test("adds"/test.skip("adds"/\' test/sum.test.mjs';
const repair = "sed -i 's/a - b/a + b/' sum.mjs";
const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd: workspace, encoding: "utf8" }).trim();
function commit() {
  git("init", "-q");
  git("add", "-A");
  git("commit", "-q", "-m", "base");
}
const handoff = async (task: object, options: object = {}) =>
  (
    await client.handoff({
      plan: { title: "honesty", tasks: [{ id: "a", title: "Make sum add", verify, retry: { maxAttempts: 1 }, ...task }] },
      options: { workspace, ...options },
    })
  ).executionId;
const findings = async (executionId: string) => (await evidenceOf(client, executionId, "a")).findings.map(({ kind }) => kind);

it.each([
  ["a repository", commit],
  ["a folder without git", () => undefined],
  ["files that were never committed", () => git("init", "-q")],
])("a task that skips the failing test is refused, in %s", async (_where, prepare) => {
  prepare();
  const executionId = await handoff({ command: `${skip}; echo all tests pass` });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "failed" });
  const [task] = (await client.execution(executionId)).tasks;
  expect(task?.evidence[0]).toMatchObject({ passed: true, tests: { passedTests: 1, skipped: 1 } });
  expect(task?.message).toContain("the test 'adds' is skipped");
  expect(await findings(executionId)).toEqual(["skipped"]);
  const { events } = await client.events(executionId, { limit: 1000 });
  expect(events.find((event) => event.type === "task.verified")?.data["findings"]).toMatchObject([{ kind: "skipped" }]);
});

it("a plan can allow it", async () => {
  commit();
  const executionId = await handoff({ command: skip, allowTestChanges: ["skipped"] });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
  const markdown = `# Plan\n\n### Task 1: Make sum add\n\n**Run:** \`${skip}\`\n**Verify:** \`${verify}\`\n**Allow test changes:** skipped\n`;
  git("checkout", "-q", ".");
  const { executionId: second } = await client.handoff({ text: markdown, options: { workspace } });
  expect(await untilEnded(client, second)).toMatchObject({ status: "completed" });
});

it("the fix loop says what was found, and the work that is put right passes", async () => {
  commit();
  const executionId = await handoff({ command: skip, params: { fix: `git checkout -q test; ${repair}` } });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
  const { events } = await client.events(executionId, { limit: 1000 });
  expect(events.filter((event) => event.type === "task.fixing").map((event) => event.data["message"])).toEqual([
    expect.stringContaining("the tests say less than before: the test 'adds' is skipped"),
  ]);
});

it("a person is asked when the work comes back as it was, and can accept it", async () => {
  commit();
  const executionId = await handoff({ command: skip, params: { fix: "true" } });
  for await (const event of client.stream(executionId)) if (event.type === "task.awaiting_human") break;
  const { events } = await client.events(executionId, { limit: 1000 });
  expect(events.filter((event) => event.type === "task.fixing")).toHaveLength(1);
  const held = events.find((event) => event.type === "task.awaiting_human");
  expect(held?.data["hold"]).toMatchObject({ name: "changed tests", detail: { findings: [{ kind: "skipped" }] } });
  const action = (await client.pendingActions()).find((one) => one.executionId === executionId);
  await client.completeAction(action?.id ?? "", { note: "fine" });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
});

it("looks at the worktree of a task, and at what that was made from", async () => {
  commit();
  await writeFile(join(workspace, "test", "sum.test.mjs"), ""); // not committed: no part of the worktree's story
  const refused = await handoff({ command: skip }, { worktrees: { mode: "worktree" } });
  expect(await untilEnded(client, refused)).toMatchObject({ status: "failed" });
  expect(await findings(refused)).toEqual(["skipped"]);
});

const added = `cat >> test/more.test.mjs <<'END'
import assert from "node:assert";
import { test } from "node:test";
import { sum } from "../sum.mjs";
test("sums of nothing", () => assert.strictEqual(sum(0, NUMBER), NUMBER));
END
`;

it("a new test for a fix has to fail without the fix", async () => {
  const [header = "", nothing = ""] = testFile.split(/(?=test\()/);
  await writeFile(join(workspace, "test", "sum.test.mjs"), header + nothing);
  commit();
  const title = "Fix sum, which subtracts";
  const vain = await handoff({ title, command: `${repair}; ${added.replaceAll("NUMBER", "0")}` });
  expect(await untilEnded(client, vain)).toMatchObject({ status: "failed" });
  expect(await findings(vain)).toEqual(["proves-nothing"]);
  git("checkout", "-q", ".");
  await rm(join(workspace, "test", "more.test.mjs"));
  const proven = await handoff({ title, command: `${repair}; ${added.replaceAll("NUMBER", "4")}` });
  expect(await untilEnded(client, proven)).toMatchObject({ status: "completed" });
  expect(await readFile(join(workspace, "sum.mjs"), "utf8")).toContain("a + b");
});

it("a check that runs no tests, or moves to another commit, proves nothing", async () => {
  commit();
  await mkdir(join(workspace, "bin"));
  await writeFile(join(workspace, "bin", "vitest"), "#!/bin/sh\necho all tests pass\n", { mode: 0o755 });
  const none = await handoff({ command: "true", verify: "bin/vitest run" });
  expect(await untilEnded(client, none)).toMatchObject({ status: "failed" });
  expect(await findings(none)).toEqual(["another-run"]);
  const moved = await handoff({
    command: "true",
    verify: "git -c user.name=t -c user.email=t@t commit -q --allow-empty -m other",
  });
  expect(await untilEnded(client, moved)).toMatchObject({ status: "failed" });
  expect(await findings(moved)).toEqual(["another-run"]);
});
