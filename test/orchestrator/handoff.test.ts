/** Handing off templates, and what is foretold. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { handoffEach } from "../../client/handoff-each.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";

const program = fileURLToPath(new URL("../../bin/longhaul.mjs", import.meta.url));

let drop: () => Promise<void>;
let orchestrator: TestOrchestrator;
let running: Awaited<ReturnType<TestOrchestrator["start"]>>;
let folder: string;

beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
  running = await orchestrator.start();
  folder = await mkdtemp("/tmp/longhaul-templates-");
});
afterAll(async () => {
  await orchestrator.remove();
  await rm(folder, { recursive: true, force: true });
  await drop();
});

const template = {
  template: "service",
  parameters: { service: {}, port: { default: "8080" } },
  title: "Build {{service}}",
  tasks: [
    { id: "write", title: "Write {{service}}", command: "echo {{service}} {{port}} >>built" },
    { id: "ask", title: "Approve {{service}}", kind: "human", dependencies: ["write"] },
  ],
};

describe("a template", () => {
  it("becomes 67 executions, and those that are missing when it is sent again", async () => {
    const forEach = Array.from({ length: 67 }, (_, index) => ({ service: `service-${index}` }));
    const request = { plan: template, forEach, options: { workspace: folder, idempotencyKey: "services" } };
    const { executions } = await handoffEach(running.client, request);
    expect(new Set(executions.map(({ executionId }) => executionId)).size).toBe(67);
    expect(executions[66]).toMatchObject({
      title: "Build service-66",
      values: { service: "service-66", port: "8080" },
      created: true,
    });
    const again = await handoffEach(running.client, request);
    expect(again.executions.map(({ executionId, created }) => [executionId, created])).toEqual(
      executions.map(({ executionId }) => [executionId, false]),
    );
  });

  it("starts nothing when one entry is wrong, and says which", async () => {
    const before = (await running.client.list({ limit: 1 })).executions[0]?.executionId;
    const forEach = [{ service: "good" }, { servise: "bad" }];
    await expect(handoffEach(running.client, { plan: template, forEach, options: { workspace: folder } })).rejects.toThrow(
      "needs the parameter service (entry 2)",
    );
    expect((await running.client.list({ limit: 1 })).executions[0]?.executionId).toBe(before);
  });

  it("takes its values and its entries from the command line", async () => {
    const file = join(folder, "service.json");
    await writeFile(file, JSON.stringify(template));
    const entries = join(folder, "services.csv");
    await writeFile(entries, "service,port\nauth,1\nbilling,2\n");
    const longhaul = async (...words: string[]) =>
      (
        await promisify(execFile)(process.execPath, [program, ...words], {
          env: { ...process.env, LONGHAUL_HOME: orchestrator.home },
        })
      ).stdout;
    expect(await longhaul("handoff", file, "--for-each", entries, "--workspace", folder)).toMatch(
      /Handed off 2 plans:\n {2}\w{8} {2}Build auth\n {2}\w{8} {2}Build billing\n/,
    );
    await longhaul("handoff", file, "--set", "service=one; rm -rf x", "--set", "port=9", "--workspace", folder);
    await expect
      .poll(() => readFile(join(folder, "built"), "utf8").catch(() => ""), { timeout: 10_000 })
      .toContain("one; rm -rf x 9\n");
  });
});

describe("a forecast", () => {
  it("comes with the hand-off, and from history once there is some", async () => {
    const plan = {
      title: "Timed",
      tasks: [1, 2, 3, 4].map((id) => ({ id: `t${id}`, title: `Task ${id}`, command: "sleep 0.1" })),
    };
    const first = await running.client.handoff({ plan, options: { workspace: folder } });
    expect(first.forecast).toMatchObject({ tasks: { open: 4, automatic: 4, human: 0 } });
    expect(first.forecast.minutes.min).toBeLessThanOrEqual(first.forecast.minutes.likely);
    await untilEnded(running.client, first.executionId);
    await expect
      .poll(() => running.client.ask<Record<string, { runs: number }>>({ method: "GET", path: "/api/history" }))
      .toMatchObject({
        shell: { runs: expect.any(Number), minutes: [expect.any(Number), expect.any(Number), expect.any(Number)] },
      });
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [program, "plan", join(folder, "service.json"), "--set", "service=x"],
      {
        env: { ...process.env, LONGHAUL_HOME: orchestrator.home },
      },
    );
    expect(stdout).toMatch(
      /Forecast\n {2}\d+.* to .*, likely .*; 1 of 2 tasks wait for a person\n {2}1 from history, 1 by what such tasks/,
    );
  });
});
