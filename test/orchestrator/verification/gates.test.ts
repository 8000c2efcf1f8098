/** Gates on a real orchestrator: what each asks, and what a failure does. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Client } from "../../../client/client.ts";
import { metricsOf } from "../../../client/metrics.ts";
import { gatesOf } from "../../../client/verification.ts";
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

const handoff = async (gates: object[], command = "touch ran") => {
  const tasks = [
    { id: "a", title: "A", command, gates },
    { id: "b", title: "B", command: "true", dependencies: ["a"] },
  ];
  return (await client.handoff({ plan: { title: "gates", tasks }, options: { workspace } })).executionId;
};
const answers = async (executionId: string) =>
  (await gatesOf(client, executionId)).gates.map(({ gate, status }) => `${gate} ${status}`);

it("before a task asks for an approval, runs nothing meanwhile, and is not asked again", async () => {
  const executionId = await handoff([{ trigger: "pre", check: "file", params: { path: "needed" } }]);
  for await (const event of client.stream(executionId)) if (event.type === "task.awaiting_approval") break;
  await expect(readFile(join(workspace, "ran"))).rejects.toThrow("ENOENT");
  const action = (await client.pendingActions()).find((one) => one.executionId === executionId);
  await client.completeAction(action?.id ?? "", { note: "go" });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
  expect(await answers(executionId)).toEqual(["file failed"]);
  await expect(readFile(join(workspace, "ran"))).resolves.toBeDefined();
});

it("after a task takes its work back when that is wished, and what was there before stays", async () => {
  await writeFile(join(workspace, "kept"), "kept\n");
  const gate = { trigger: "post", check: "file", params: { path: "missing" }, action: "rollback" };
  const executionId = await handoff([gate], "echo worse > kept; touch ran");
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "failed" });
  const { tasks } = await client.execution(executionId);
  expect(tasks[0]).toMatchObject({ status: "failed", message: expect.stringContaining("its changes were taken back") });
  expect(await readFile(join(workspace, "kept"), "utf8")).toBe("kept\n");
  await expect(readFile(join(workspace, "ran"))).rejects.toThrow("ENOENT");
  const before = { trigger: "pre", check: "disk", action: "rollback" };
  await expect(handoff([before])).rejects.toThrow("only a post gate that halts");
});

it("after a task fails it for good and skips what hangs on it", async () => {
  const executionId = await handoff([{ trigger: "post", check: "command", params: { command: "test -e missing" } }]);
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "failed" });
  const { tasks } = await client.execution(executionId);
  expect(tasks.map(({ status, attempt }) => [status, attempt])).toEqual([
    ["failed", 1],
    ["skipped", 0],
  ]);
  const { events } = await client.events(executionId, { limit: 1000 });
  expect(events.find((event) => event.type === "gate.failed")?.data).toMatchObject({ trigger: "post", gate: "command" });
});

it("only warns where the plan says so, also about parameters that turn out wrong", async () => {
  const executionId = await handoff([
    { trigger: "post", check: "file", params: { path: "missing" }, onFail: "warn" },
    { trigger: "pre", check: "file", params: { path: 7 }, onFail: "warn" },
  ]);
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
  const { gates } = await gatesOf(client, executionId);
  expect(gates.map(({ gate, status }) => [gate, status])).toEqual([
    ["file", "warned"],
    ["file", "warned"],
  ]);
  expect(gates[0]?.message).toContain("params.path must be a text");
});

it("is refused at hand-off when it cannot be asked, with its line", async () => {
  const text = `title: gates
gates:
  - { trigger: pre, check: disk }
tasks:
  - id: a
    command: "true"
    gates:
      - { trigger: pre, check: fiel, params: { path: x } }
      - { trigger: post, check: port }
      - { trigger: sometimes, check: disk }
`;
  const path = join(workspace, "plan.yaml");
  await writeFile(path, text);
  const refused = await client.handoff({ path, options: { workspace } }).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    problem: {
      errors: [
        { line: 8, message: expect.stringContaining("There is no gate 'fiel' (task a)") },
        { line: 9, message: expect.stringContaining("needs params.port") },
        { line: 10, message: expect.stringContaining("trigger") },
      ],
    },
  });
});

it("of a plan stands before every task of it, and an evaluation records its score", async () => {
  const tasks = ["a", "b"].map((id) => ({
    id,
    title: id,
    command: "true",
    gates: [{ trigger: "evaluation", check: "command", params: { command: "echo score: 0.75", minimum: 0.5 } }],
  }));
  const gates = [{ trigger: "post", check: "disk", params: { freePercent: 0 } }];
  const { executionId } = await client.handoff({ plan: { title: "gates", gates, tasks }, options: { workspace } });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
  expect((await answers(executionId)).toSorted()).toEqual(["command passed", "command passed", "disk passed", "disk passed"]);
  const { metrics } = await metricsOf(client, executionId);
  expect(metrics.filter(({ metric }) => metric === "gate_score").map(({ taskId, value }) => [taskId, value])).toEqual([
    ["a", 0.75],
    ["b", 0.75],
  ]);
});

it("is asked again after SIGTERM in the middle of it, and the task runs once", async () => {
  const command = "echo x >> asked; test -e go || sleep 60";
  const executionId = await handoff([{ trigger: "pre", check: "command", params: { command } }], "echo x >> ran");
  await expect.poll(() => readFile(join(workspace, "asked"), "utf8").catch(() => ""), { timeout: 15_000 }).toBe("x\n");
  await writeFile(join(workspace, "go"), "");
  await orchestrator.terminate();
  ({ client } = await orchestrator.start());
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
  expect(await readFile(join(workspace, "ran"), "utf8")).toBe("x\n");
});

describe("built in", () => {
  it("answers yes and no", async () => {
    const server = createServer((_request, response) => response.writeHead(204).end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/health`;
    execFileSync("git", ["init", "-q"], { cwd: workspace });
    const gate = (check: string, params: object = {}) => ({ trigger: "pre", check, params, onFail: "warn" });
    const asked = [
      gate("clean-tree"),
      gate("disk", { freePercent: 0 }),
      gate("disk", { freePercent: 101 }),
      gate("port", { port }),
      gate("port", { port: 1 }),
      gate("http", { url }),
      gate("http", { url, status: 200 }),
      gate("service", { url: "http://127.0.0.1:1/" }),
      gate("tests", { command: "true" }),
      gate("prerequisites", { programs: ["git", "sh"] }),
      gate("prerequisites", { programs: ["git", "no-such-program"] }),
    ];
    const executionId = await handoff(asked);
    await untilEnded(client, executionId);
    server.close();
    expect(await answers(executionId)).toEqual([
      "clean-tree passed",
      "disk passed",
      "disk warned",
      "port passed",
      "port warned",
      "http passed",
      "http warned",
      "service warned",
      "tests passed",
      "prerequisites passed",
      "prerequisites warned",
    ]);
  });

  it("clean-tree sees files that are not committed", async () => {
    execFileSync("git", ["init", "-q"], { cwd: workspace });
    await writeFile(join(workspace, "loose"), "");
    const executionId = await handoff([{ trigger: "pre", check: "clean-tree", onFail: "warn" }]);
    await untilEnded(client, executionId);
    expect((await gatesOf(client, executionId)).gates[0]).toMatchObject({
      status: "warned",
      message: expect.stringContaining("loose"),
    });
  });
});
