import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createJoinToken } from "../../client/agents.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";

const program = fileURLToPath(new URL("../../examples/agent/agent.mjs", import.meta.url));

let orchestrator: TestOrchestrator;
let drop: () => Promise<void>;
let running: Awaited<ReturnType<TestOrchestrator["start"]>>;
let folder: string;
let joinToken: string;
const agents: ChildProcess[] = [];

beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  folder = await mkdtemp("/tmp/longhaul-agent-");
  orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl, LONGHAUL_AGENT_SILENT_SECONDS: "3" });
  running = await orchestrator.start();
  joinToken = (await createJoinToken(running.client, { uses: 10 })).token;
});
afterAll(async () => {
  for (const agent of agents) agent.kill("SIGKILL");
  await orchestrator.remove();
  await drop();
  await rm(folder, { recursive: true, force: true });
});

/** Starts the example as its users do; all that it gets is in its environment. */
function startAgent(name: string, capability: string) {
  const agent = spawn(process.execPath, [program], {
    env: {
      PATH: process.env["PATH"],
      LONGHAUL_URL: running.url,
      LONGHAUL_JOIN_TOKEN: joinToken,
      AGENT_FILE: join(folder, `${name}.json`),
      AGENT_NAME: name,
      AGENT_CAPABILITIES: capability,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  agents.push(agent);
  let output = "";
  agent.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return { agent, output: () => output };
}

const handoff = (tasks: object[]) => running.client.handoff({ plan: { title: "Remote", tasks } });
const linesOf = async (file: string) =>
  (await readFile(join(folder, file), "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
const until = async (holds: () => Promise<boolean>) => {
  while (!(await holds())) await delay(20);
};
const textOf = async (executionId: string) =>
  (await running.client.events(executionId, { limit: 1000 })).events
    .filter(({ type }) => type === "task.output")
    .map(({ data }) => data["text"])
    .join("");

test("the example needs nothing but HTTP, and is short", async () => {
  const source = await readFile(program, "utf8");
  expect(source.split("\n").length).toBeLessThan(200);
  const imports = [...source.matchAll(/from "([^"]+)"/g)].map((match) => match[1]);
  expect(imports.length).toBeGreaterThan(3);
  expect(imports.filter((name) => !name?.startsWith("node:"))).toEqual([]);
});

test("it registers itself, does what it is given, and says how it went", async () => {
  const { agent, output } = startAgent("plain", "plain");
  await until(() => Promise.resolve(output().includes("asks")));
  const { executionId } = await handoff([
    { id: "a", title: "Add", kind: "agent", params: { capabilities: ["plain"], command: "echo $((40 + 2))" } },
    {
      id: "b",
      title: "Fail",
      kind: "agent",
      params: { capabilities: ["plain"], command: "echo no >&2; exit 3" },
      retry: { maxAttempts: 1 },
    },
  ]);
  expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "failed" });
  expect((await running.client.execution(executionId)).tasks).toMatchObject([
    { status: "completed", summary: "42" },
    { status: "failed", message: "exited with code 3", summary: "no" },
  ]);
  expect(output()).toContain("a, attempt 1: succeeded");
  agent.kill("SIGTERM");
  expect(await once(agent, "exit")).toEqual([0, null]);
});

test("an agent that is killed in the middle: its work is given to another", async () => {
  const first = startAgent("first", "handed-on");
  const command = `echo $$ >> ${folder}/shells; until [ -e ${folder}/go ]; do sleep 0.1; done; echo done >> ${folder}/results`;
  const params = { capabilities: ["handed-on"], command, onSilent: "reassign" };
  const { executionId } = await handoff([{ id: "a", title: "Long", kind: "agent", params }]);
  await until(async () => (await linesOf("shells")).length === 1);
  startAgent("second", "handed-on");
  first.agent.kill("SIGKILL");
  process.kill(-Number((await linesOf("shells"))[0]), "SIGKILL"); // the machine is gone, not only the agent
  await until(async () => (await linesOf("shells")).length === 2);
  await writeFile(join(folder, "go"), "");
  expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed" });
  expect(await linesOf("results")).toEqual(["done"]);
  const { events } = await running.client.events(executionId, { limit: 1000 });
  expect(events.filter(({ type }) => type === "agent.assigned").map(({ data }) => data["agent"])).toEqual(["first", "second"]);
  expect(events.filter(({ type }) => type === "task.completed")).toHaveLength(1);
});

test("an orchestrator that is killed in the middle: nothing is lost, nothing is applied twice", async () => {
  const { output } = startAgent("patient", "patient");
  await until(() => Promise.resolve(output().includes("asks"))); // registered, so that the task need not wait for it
  const command = `echo started >> ${folder}/starts; for i in $(seq 1 200); do echo line $i; [ $((i % 10)) = 0 ] && sleep 0.1; done; echo end`;
  const params = { capabilities: ["patient"], command };
  const { executionId } = await handoff([
    { id: "a", title: "Chatty", kind: "agent", params },
    { id: "b", title: "After", kind: "agent", params: { capabilities: ["patient"], command: "echo after" }, dependencies: ["a"] },
  ]);
  for (const lines of [30, 90]) {
    await until(async () => (await textOf(executionId)).includes(`line ${lines}\n`));
    await orchestrator.kill();
    await delay(300); // the agent goes on, and finds nobody
    running = await orchestrator.start({ LONGHAUL_PORT: new URL(running.url).port });
  }
  expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed" });
  expect(await linesOf("starts")).toEqual(["started"]);
  expect(await textOf(executionId)).toBe(
    `${Array.from({ length: 200 }, (_, index) => `line ${index + 1}\n`).join("")}end\nafter\n`,
  );
  const { events } = await running.client.events(executionId, { limit: 1000 });
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.filter(({ type }) => type === "agent.assigned")).toHaveLength(2);
  expect((await running.client.execution(executionId)).tasks).toMatchObject([
    { status: "completed", attempt: 1 },
    { status: "completed", attempt: 1, summary: "after" },
  ]);
});
