/** Proof of done on a real orchestrator: evidence, replay, fixing and asking a person. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Client } from "../../../client/client.ts";
import { evidenceOf, gatesOf, verifyAgain } from "../../../client/verification.ts";
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
  return () => rm(workspace, { recursive: true, force: true, maxRetries: 5 });
});

const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd: workspace, encoding: "utf8" }).trim();
const handoff = async (task: object) =>
  (await client.handoff({ plan: { title: "proof", tasks: [{ id: "a", title: "A", ...task }] }, options: { workspace } }))
    .executionId;

async function untilHeld(executionId: string): Promise<void> {
  for await (const event of client.stream(executionId)) if (event.type === "task.awaiting_human") return;
  throw new Error("the execution ended without asking");
}

describe("evidence", () => {
  it("names the command as it was run, the commit, the tree with untracked files, and the digest of the log", async () => {
    git("init", "-q");
    git("commit", "-q", "--allow-empty", "-m", "base");
    const executionId = await handoff({ command: "echo hello > out.txt", verify: "cat out.txt" });
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    const [one] = (await evidenceOf(client, executionId, "a")).evidence;
    expect(one?.argv.at(-1)).toBe("cat out.txt");
    expect(one?.commit).toBe(git("rev-parse", "HEAD"));
    git("add", "-A");
    expect(one?.tree).toBe(git("write-tree"));
    expect(one?.logDigest).toBe(`sha256:${createHash("sha256").update("hello\n").digest("hex")}`);
    const verified = (await client.events(executionId, { limit: 1000 })).events.filter((event) => event.type === "task.verified");
    expect(verified.map((event) => event.data)).toEqual([{ iteration: 0, passed: 1, total: 1 }]);
  });

  it("is reproduced by running it again, and is not when the files were changed", async () => {
    const executionId = await handoff({ command: "echo hello > out.txt", verify: "grep -x hello out.txt" });
    await untilEnded(client, executionId);
    expect(await verifyAgain(client, executionId, "a")).toMatchObject({ reproduced: true, passed: true });
    await writeFile(join(workspace, "out.txt"), "changed\n");
    expect(await verifyAgain(client, executionId, "a")).toMatchObject({
      reproduced: false,
      passed: false,
      checks: [{ same: false, sameLog: false, now: { exitCode: 1 }, before: { exitCode: 0 } }],
    });
  });

  it("has what the test runner said, and does not believe an exit code that hides it", async () => {
    await writeFile(
      join(workspace, "a.test.mjs"),
      'import test from "node:test"; test("a", () => {}); test("b", () => { if (!process.env.B) throw new Error("no b"); });',
    );
    const node = JSON.stringify(process.execPath);
    const executionId = await handoff({
      command: "true",
      verification: [
        { criterion: "hidden", command: `${node} --test a.test.mjs || true` },
        { criterion: "green", command: `B=1 ${node} --test a.test.mjs` },
        { criterion: "nothing", command: `${node} --test --test-name-pattern=none a.test.mjs` },
      ],
      retry: { maxAttempts: 1 },
    });
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "failed" });
    const { evidence } = await evidenceOf(client, executionId, "a");
    expect(evidence.map(({ passed, exitCode, tests }) => [passed, exitCode, tests?.passedTests, tests?.failedTests])).toEqual([
      [false, 0, 1, 1],
      [true, 0, 2, 0],
      [false, 0, 0, 0],
    ]);
    expect(evidence[0]?.result).toBe("exited with code 0; 1 of 2 tests failed");
    expect((await client.execution(executionId)).tasks[0]?.message).toContain("node:test ran no tests");
  });

  it("does not take a check that cannot be run for a refutation", async () => {
    const verification = [{ criterion: "no trace", command: "no-such-program-anywhere", anti: true }];
    const executionId = await handoff({ command: "true", verification, retry: { maxAttempts: 1 } });
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "failed" });
  });

  it("says which task it does not know, and that it has none", async () => {
    const executionId = await handoff({ command: "true" });
    await untilEnded(client, executionId);
    await expect(evidenceOf(client, executionId, "b")).rejects.toThrow("No task 'b'");
    await expect(verifyAgain(client, executionId, "a")).rejects.toThrow("no evidence");
    expect((await gatesOf(client, executionId)).gates).toEqual([]);
  });
});

describe("a failing check", () => {
  it("runs the plan's fix until it passes, within one attempt", async () => {
    const params = { fix: "echo x >> tries" };
    const executionId = await handoff({ command: "touch tries", params, verify: 'test "$(wc -l < tries)" -ge 3' });
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    expect((await client.execution(executionId)).tasks[0]).toMatchObject({ attempt: 1, status: "completed" });
    const { events } = await client.events(executionId, { limit: 1000 });
    expect(events.filter((event) => event.type === "task.fixing").map((event) => event.data["iteration"])).toEqual([1, 2, 3]);
  });

  it("asks a person after the last iteration, with what was tried, and runs again when they are done", async () => {
    const params = { fix: "echo x >> tries", fixIterations: 2 };
    const executionId = await handoff({ command: "true", params, verify: "test -e repaired" });
    await untilHeld(executionId);
    expect((await readFile(join(workspace, "tries"), "utf8")).length).toBe(4);
    const { events } = await client.events(executionId, { limit: 1000 });
    const asked = events.find((event) => event.type === "task.awaiting_human");
    expect(asked?.data["hold"]).toMatchObject({
      name: "fix",
      detail: { tried: [{ iteration: 0 }, { iteration: 1 }, { iteration: 2 }] },
    });
    await writeFile(join(workspace, "repaired"), "");
    const action = (await client.pendingActions()).find((one) => one.executionId === executionId);
    await client.completeAction(action?.id ?? "", { note: "repaired" });
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
  });

  it("goes on counting after kill -9", async () => {
    const params = { fix: 'echo x >> tries; test "$(wc -l < tries)" -ne 2 || { echo second; sleep 1.5; }' };
    const executionId = await handoff({ command: "touch tries", params, verify: 'test "$(wc -l < tries)" -ge 3' });
    for await (const event of client.stream(executionId)) if (event.type === "task.output") break;
    await orchestrator.kill();
    ({ client } = await orchestrator.start());
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    expect(await readFile(join(workspace, "tries"), "utf8")).toBe("x\nx\nx\n");
    const { events } = await client.events(executionId, { limit: 1000 });
    expect(events.filter((event) => event.type === "task.fixing").map((event) => event.data["iteration"])).toEqual([1, 2, 3]);
    // Told a second time at most: when the kill fell between the event and the note of how far it has been told.
    expect(events.filter((event) => event.type === "task.output").length).toBeOneOf([1, 2]);
  });
});
