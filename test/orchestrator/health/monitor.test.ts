/** Alerts of a real orchestrator about real processes and a real full disk. */
import { execFileSync } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Client } from "../../../client/client.ts";
import { type ChannelServer, startChannelServer } from "../../notifications/channel-server.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";

const isRoot = process.getuid?.() === 0 && process.platform === "linux";
const megabyte = 1024 * 1024;

describe.runIf(process.platform === "linux")("the health monitor", () => {
  let orchestrator: TestOrchestrator;
  let drop: () => Promise<void>;
  let client: Client;
  let workspace: string;
  let phone: ChannelServer;
  beforeAll(async () => {
    phone = await startChannelServer();
    const database = await createTestDatabase();
    drop = database.drop;
    orchestrator = await createTestOrchestrator({
      DATABASE_URL: database.databaseUrl,
      LONGHAUL_HEALTH_SECONDS: "0.2",
      LONGHAUL_HEALTH_SILENT_MINUTES: "0.02",
      NTFY_URL: phone.url,
      NTFY_TOPIC: "plans",
    });
    ({ client } = await orchestrator.start());
  });
  afterAll(async () => {
    await orchestrator.remove();
    await phone.close();
    await drop();
  });
  beforeEach(async () => {
    workspace = await mkdtemp("/tmp/longhaul-work-");
    return () => rm(workspace, { recursive: true, force: true, maxRetries: 5 });
  });

  const handoff = async (task: object) =>
    (
      await client.handoff({
        plan: { title: "health", tasks: [{ id: "one", title: "One", retry: { maxAttempts: 1 }, ...task }] },
        options: { workspace },
      })
    ).executionId;
  const alerts = async (executionId: string, metric: string) =>
    (await client.events(executionId, { limit: 1000 })).events.filter(
      ({ type, data }) => type.startsWith("health.") && data["metric"] === metric,
    );
  async function until(executionId: string, type: string, metric: string) {
    for await (const event of client.stream(executionId)) {
      if (event.type === type && event.data["metric"] === metric) return event;
    }
    throw new Error(`the execution ended without ${type} ${metric}`);
  }
  const write = (fifo: string) => writeFile(join(workspace, fifo), "x\n");

  it("says once that a task holds too much memory, with a dump, and once that it no longer does", async () => {
    const hog = `const held = Buffer.alloc(${255 * megabyte}, 1); require("fs").readFileSync("free"); process.exit(held[0] - 1)`;
    const command = `mkfifo free end; echo token=ghp_${"a".repeat(36)}; '${process.execPath}' -e '${hog}'; read -r _ < end`;
    const executionId = await handoff({ command, limits: { memoryMb: 320 } });
    const warning = await until(executionId, "health.warning", "memory");
    expect(warning.taskId).toBe("one");
    expect(warning.data["message"]).toMatch(/^holds 2\d\d MB of memory, (8\d|9\d) % of what it may \(320 MB\)$/);
    expect(warning.data["lastLines"]).toBe("token=[redacted]");
    const dump = await readFile(String(warning.data["file"]), "utf8");
    expect(dump).toMatch(/kB {2}node|kB {2}MainThread/);
    expect(dump).not.toContain("ghp_");
    await write("free");
    await until(executionId, "health.recovered", "memory");
    await write("end");
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    expect((await alerts(executionId, "memory")).map(({ type }) => type)).toEqual(["health.warning", "health.recovered"]);
    const pushed = () => phone.received.map(({ body }) => body["title"]);
    await expect.poll(pushed).toEqual(expect.arrayContaining(["Warning: One", "Well again: One"]));
  });

  it("says once that a task is silent and what its processes do, also when the orchestrator is killed meanwhile", async () => {
    const executionId = await handoff({ command: "mkfifo go end; echo one; read -r _ < go; echo two; read -r _ < end" });
    const warning = await until(executionId, "health.warning", "output");
    expect(warning.data["message"]).toMatch(
      /^no output for \d+(\.\d)? s; it uses no processor: it waits for something, or hangs$/,
    );
    expect(warning.data["processes"]).toEqual(expect.arrayContaining([expect.objectContaining({ name: "bash", state: "S" })]));
    await orchestrator.kill();
    ({ client } = await orchestrator.start());
    const again = await handoff({ command: "sleep 1000", limits: { wallSeconds: 2 } });
    expect(await untilEnded(client, again)).toMatchObject({ status: "failed" }); // several looks later
    await write("go");
    await until(executionId, "health.recovered", "output");
    await write("end");
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    const types = (await alerts(executionId, "output")).map(({ type }) => type);
    expect(types.slice(0, 2)).toEqual(["health.warning", "health.recovered"]);
  });

  it("warns of a task that takes twice its estimate, and of one that nears its limit", async () => {
    const [slow, limited] = await Promise.all([
      handoff({ command: "sleep 2", estimate: "0.01 minutes" }),
      handoff({ command: "sleep 1000", limits: { wallSeconds: 3 } }),
    ]);
    expect((await until(slow, "health.warning", "duration")).data["message"]).toMatch(
      /^runs for \d+(\.\d)? s, estimated were 0\.6 s$/,
    );
    expect((await until(limited, "health.warning", "timeout")).data["message"]).toMatch(/^has used ([89]\d|1\d\d) % of its 3 s/);
    expect(await untilEnded(client, slow)).toMatchObject({ status: "completed" });
    expect(await untilEnded(client, limited)).toMatchObject({ status: "failed" });
    expect(await alerts(slow, "duration")).toHaveLength(1);
    expect(await alerts(limited, "timeout")).toHaveLength(1);
    expect(await alerts(slow, "timeout")).toHaveLength(0);
  });

  it.runIf(isRoot)("warns of a disk that fills up, pauses when it is full, and goes on when there is room", async () => {
    const disk = await mkdtemp("/tmp/longhaul-disk-");
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=20m,mode=755", "tmpfs", disk]);
    try {
      const fill = (share: number) => appendFile(join(disk, "filler"), Buffer.alloc(Math.round(20 * megabyte * share)));
      const tasks = [
        { id: "one", title: "One", command: "mkfifo end; echo one; read -r _ < end" },
        { id: "two", title: "Two", command: "true", dependencies: ["one"] },
      ];
      const { executionId } = await client.handoff({ plan: { title: "disk", tasks }, options: { workspace: disk } });
      for await (const { type } of client.stream(executionId)) if (type === "task.output") break;
      await fill(0.93);
      const warning = await until(executionId, "health.warning", "disk");
      expect(warning.data).toMatchObject({ level: "warning", path: disk, totalBytes: 20 * megabyte });
      expect((await client.status(executionId)).status).toBe("running");
      await fill(0.06);
      for await (const { type } of client.stream(executionId)) if (type === "execution.paused") break;
      expect(await client.status(executionId)).toMatchObject({
        status: "paused",
        reason: expect.stringMatching(new RegExp(`^the disk of ${disk} has 0 MB free \\([01](\\.\\d)? %\\)$`)),
      });
      await writeFile(join(disk, "end"), "x\n");
      for await (const { type } of client.stream(executionId)) if (type === "task.completed") break;
      expect((await client.status(executionId)).status).toBe("paused");
      await truncate(join(disk, "filler"), 0);
      expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
      expect((await alerts(executionId, "disk")).map(({ type, data }) => [type, data["level"]])).toEqual([
        ["health.warning", "warning"],
        ["health.warning", "critical"],
        ["health.recovered", undefined],
      ]);
    } finally {
      execFileSync("umount", ["-l", disk]);
      await rm(disk, { recursive: true, force: true });
    }
  });
});
