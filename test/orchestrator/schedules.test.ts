/** Plans that recur, on real orchestrators that share a database and are killed. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addSchedule, removeSchedule, schedules, setScheduleStatus } from "../../client/schedules.ts";
import type { Schedule, ScheduleInput } from "../../orchestrator/api/schedule-contract.ts";
import { longhaul } from "../support/command.ts";
import { createTestOrchestrator, type TestOrchestrator } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";

let drop: () => Promise<void>;
let orchestrator: TestOrchestrator;
let second: TestOrchestrator;
let running: Awaited<ReturnType<TestOrchestrator["start"]>>;
let folder: string;

beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
  second = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
  running = await orchestrator.start();
});
afterAll(async () => {
  await orchestrator.remove();
  await second.remove();
  await drop();
});
beforeEach(async () => {
  folder = await mkdtemp("/tmp/longhaul-schedule-");
  return async () => {
    for (const { name } of await schedules(running.client)) await removeSchedule(running.client, name);
    const { executions } = await running.client.list({ status: "running", limit: 200 });
    for (const { executionId } of executions) {
      await running.client.control(executionId, { action: "cancel" }).catch(() => undefined); // it may end at the same moment
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
});

const planOf = (command: string, title = "Recurring") => ({ plan: { title, tasks: [{ id: "one", title: "One", command }] } });
const eachSecond = (name: string, command: string, more: Partial<ScheduleInput> = {}) =>
  addSchedule(running.client, { name, cron: "* * * * * *", handoff: planOf(command), ...more });
const named = async (name: string) => (await schedules(running.client)).find((one) => one.name === name) as Schedule;
async function untilRuns(name: string, enough: (runs: Schedule["runs"]) => boolean): Promise<Schedule["runs"]> {
  let runs: Schedule["runs"] = [];
  await expect.poll(async () => enough((runs = (await named(name)).runs)), { timeout: 30_000, interval: 100 }).toBe(true);
  return runs;
}

describe("a schedule", () => {
  it("starts one run per tick on two nodes, and none after it was removed", async () => {
    await second.start();
    await eachSecond("ticking", "true", { overlap: "allow" });
    const runs = await untilRuns("ticking", (all) => all.length >= 4);
    await removeSchedule(running.client, "ticking");
    const ticks = runs.map(({ tick }) => tick);
    expect(new Set(ticks).size).toBe(ticks.length);
    const { executions } = await running.client.list({ limit: 200 });
    const started = executions.filter(({ title }) => title === "Recurring").map(({ executionId }) => executionId);
    const recorded = runs.flatMap((run) => run.executions);
    expect(new Set(recorded).size).toBe(recorded.length);
    expect(started.length - recorded.length).toBeLessThanOrEqual(1); // a tick between the two reads
    await second.terminate();
  });

  it("skips a tick while an earlier run has not ended", async () => {
    await eachSecond("slow", `while [ ! -e ${folder}/go ]; do sleep 0.1; done`);
    const runs = await untilRuns("slow", (all) => all.some(({ outcome }) => outcome === "skipped"));
    expect(runs.filter(({ outcome }) => outcome === "started")).toHaveLength(1);
    expect(runs[0]).toMatchObject({ outcome: "skipped", executions: [], message: "an earlier run has not ended" });
    await writeFile(join(folder, "go"), "");
    await untilRuns("slow", (all) => all.filter(({ outcome }) => outcome === "started").length >= 2);
  });

  it("survives kill -9, and makes up once for what was missed", async () => {
    await eachSecond("kept", "true", { overlap: "allow" });
    const before = (await untilRuns("kept", (all) => all.length >= 1))[0]?.tick as string;
    await orchestrator.kill();
    await expect.poll(() => Date.now() - Date.parse(before), { timeout: 10_000 }).toBeGreaterThan(4_000);
    running = await orchestrator.start();
    const runs = await untilRuns("kept", (all) => all.some(({ missed }) => missed > 0));
    const late = runs.filter(({ missed }) => missed > 0);
    expect(late).toHaveLength(1);
    expect(late[0]?.executions).toHaveLength(1);
    expect(Date.parse(late[0]?.at as string) - Date.parse(late[0]?.tick as string)).toBeLessThan(3_000);
  });

  it("reads its plan anew, hands a template off for each entry, and says when that cannot be", async () => {
    const file = join(folder, "services.json");
    const template = (entries: object[]) =>
      JSON.stringify({
        template: "service",
        parameters: { name: {} },
        title: "Check {{name}}",
        tasks: [{ id: "check", title: "Check", command: "echo {{name}}" }],
        forEach: entries,
      });
    await writeFile(file, template([{ name: "auth" }, { name: "billing" }]));
    await eachSecond("services", "", { handoff: { path: file }, overlap: "allow" });
    expect((await untilRuns("services", (all) => all.length >= 1)).at(-1)?.executions).toHaveLength(2);
    await writeFile(file, template([{ name: "auth" }, { name: "billing" }, { name: "mail" }]));
    await untilRuns("services", (all) => all[0]?.executions.length === 3);
    await writeFile(file, "{");
    const runs = await untilRuns("services", (all) => all[0]?.outcome === "failed");
    expect(runs[0]?.message).toMatch(/JSON|read/i);
    await writeFile(file, template([{ name: "auth" }]));
    await untilRuns("services", (all) => all[0]?.executions.length === 1);
  });

  it("is refused where it could never run, and leaves nothing behind", async () => {
    const bad: [Partial<ScheduleInput>, RegExp][] = [
      [{ cron: "61 * * * *" }, /cron: '61 \* \* \* \*'/],
      [{ timeZone: "Mars/Olympus" }, /timeZone: 'Mars\/Olympus'/],
      [{ name: "no spaces" }, /name/],
      [{ handoff: { plan: { tasks: [{ id: "a", title: "A", command: "true", dependencies: ["nowhere"] }] } } }, /nowhere/],
      [{ handoff: { ...planOf("true"), options: { workspace: "/nowhere/at/all" } } }, /nowhere/],
      [{ handoff: { ...planOf("true"), options: { idempotencyKey: "mine" } } }, /idempotencyKey/],
    ];
    for (const [wrong, message] of bad) await expect(eachSecond("bad", "true", wrong)).rejects.toThrow(message);
    expect(await schedules(running.client)).toEqual([]);
    await eachSecond("bad", "true", { cron: "@yearly" });
    await expect(eachSecond("bad", "true")).rejects.toThrow("there is a schedule 'bad' already");
  });

  it("is added, listed, paused, resumed and removed on the command line", async () => {
    const file = join(folder, "nightly.yaml");
    await writeFile(file, "title: Nightly\ntasks:\n  - id: one\n    title: One\n    command: 'true'\n");
    const line = (...args: string[]) => longhaul(orchestrator.home, "schedule", ...args);
    expect(await line("add", file, "--cron", "30 6 * * 1-5", "--time-zone", "Europe/Berlin")).toContain("nightly  30 6 * * 1-5");
    expect(await line("list")).toMatch(/nightly .*Europe\/Berlin\n +next +\d/);
    expect(await line("pause", "nightly")).toContain("next   paused");
    expect((await named("nightly")).nextAt).toBeNull();
    expect(JSON.parse(await line("resume", "nightly", "--json"))).toMatchObject({ status: "active", nextAt: expect.any(String) });
    await setScheduleStatus(running.client, "nightly", "active");
    await line("remove", "nightly");
    expect(await line("list")).toContain("Nothing recurs");
    await expect(line("remove", "nightly")).rejects.toThrow("No schedule 'nightly'");
  });
});
