/** Traces and logs of a real orchestrator, as they arrive at a receiver on loopback. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { claudeBinary } from "../../support/claude-code.ts";
import { claudeEnvironment, startMessagesApi } from "../../support/messages-api.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";
import { type OtlpReceiver, startOtlpReceiver } from "./otlp-receiver.ts";

const binary = claudeBinary();
const secret = "Bearer secret-of-the-receiver";
let receiver: OtlpReceiver;
let databaseUrl: string;
let drop: () => Promise<void>;
let workspace: string;
beforeAll(async () => {
  ({ databaseUrl, drop } = await createTestDatabase());
  receiver = await startOtlpReceiver();
});
afterAll(async () => {
  await receiver.close();
  await drop();
});
beforeEach(async () => {
  workspace = await mkdtemp("/tmp/longhaul-work-");
  return () => rm(workspace, { recursive: true, force: true });
});

async function withOrchestrator(
  environment: Record<string, string>,
  use: (one: TestOrchestrator) => Promise<void>,
): Promise<void> {
  const orchestrator = await createTestOrchestrator({ DATABASE_URL: databaseUrl, ...environment });
  try {
    await use(orchestrator);
  } finally {
    await orchestrator.remove();
  }
}
const traceOf = (executionId: string) => {
  const traceId = executionId.replaceAll("-", "");
  const spans = () => receiver.spans.filter((span) => span.traceId === traceId);
  const find = (name: string, attempt?: number) => {
    const found = spans().filter(
      (span) => span.name === name && (attempt === undefined || span.attributes["attempt"] === attempt),
    );
    expect(found, `${name} ${attempt ?? ""}`).toHaveLength(1);
    return found[0] as (typeof found)[number];
  };
  return { traceId, spans, find };
};

describe("telemetry", () => {
  it("is one trace per execution: submit, queue, attempts linked to each other, gates, run, verify; and the log with it", async () => {
    const settings = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=${encodeURIComponent(secret)}`,
    };
    await withOrchestrator(settings, async (orchestrator) => {
      const { client } = await orchestrator.start();
      const task = {
        id: "one",
        title: "One",
        command: 'echo "$TRACEPARENT" >> parents; env >> environment; test -e again || { touch again; exit 3; }',
        verify: "sleep 0.05",
        gates: [{ trigger: "pre", check: "command", params: { command: "sleep 0.05" } }],
        retry: { maxAttempts: 2, backoffMs: 10 },
      };
      const { executionId } = await client.handoff({ plan: { title: "Traced", tasks: [task] }, options: { workspace } });
      expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
      const { traceId, spans, find } = traceOf(executionId);
      await expect.poll(() => spans().map(({ name }) => name), { timeout: 10_000 }).toContain("execution");
      await expect.poll(() => spans().filter(({ name }) => name === "attempt"), { timeout: 10_000 }).toHaveLength(2);

      const root = find("execution");
      expect(root.parentSpanId ?? "").toBe("");
      expect(root.attributes).toMatchObject({ execution_id: executionId, "plan.title": "Traced", status: "completed" });
      const [first, second] = [find("attempt", 1), find("attempt", 2)];
      expect(first).toMatchObject({ parentSpanId: root.spanId, status: { code: 2, message: expect.stringContaining("code 3") } });
      expect(second).toMatchObject({ parentSpanId: root.spanId, links: [{ traceId, spanId: first.spanId }] });
      expect(second.attributes).toMatchObject({
        task_id: "one",
        "task.title": "One",
        "task.kind": "shell",
        status: "succeeded",
        "exit.code": 0,
      });
      for (const name of ["gate before", "run", "verify"]) expect(find(name, 2).parentSpanId).toBe(second.spanId);
      const [queue, verify, run] = [find("queue", 2), find("verify", 2), find("run", 2)];
      expect(queue.endMs).toBe(second.startMs);
      expect(queue.startMs).toBeGreaterThanOrEqual(first.startMs);
      expect(verify.endMs - verify.startMs).toBeGreaterThanOrEqual(45);
      expect(verify.startMs).toBeGreaterThanOrEqual(run.endMs);
      expect(find("submit").parentSpanId).toBe(root.spanId);
      expect((await readFile(join(workspace, "parents"), "utf8")).trim().split("\n")).toEqual(
        [first, second].map(({ spanId }) => `00-${traceId}-${spanId}-01`),
      );

      const inTrace = () => receiver.logs.filter((log) => log.traceId === traceId);
      await expect.poll(() => inTrace().map(({ body }) => body), { timeout: 10_000 }).toContain("task completed");
      expect(inTrace().find(({ body }) => body === "task completed")).toMatchObject({
        service: "longhaul",
        severityText: "info",
        spanId: second.spanId,
        attributes: { execution_id: executionId, task_id: "one", attempt: 2, status: "completed" },
      });
      const correlation = find("submit").attributes["correlation_id"];
      expect(receiver.logs.find(({ attributes }) => attributes["correlation_id"] === correlation)?.body).toBe("request");

      expect((await client.health()).dependencies["telemetry"]).toMatchObject({ status: "up" });
      expect(receiver.headers.every(({ authorization }) => authorization === secret)).toBe(true);
      const told = [...receiver.raw, await readFile(join(workspace, "environment"), "utf8"), await orchestrator.log()];
      expect(told.join("")).not.toContain("secret-of-the-receiver");
    });
  });

  it("shows an attempt that was taken over as one span over both processes", async () => {
    await withOrchestrator({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }, async (orchestrator) => {
      let { client } = await orchestrator.start();
      const plan = { title: "Adopted", tasks: [{ id: "one", title: "One", command: "mkfifo go; echo began; read -r _ < go" }] };
      const { executionId } = await client.handoff({ plan, options: { workspace } });
      for await (const { type } of client.stream(executionId)) if (type === "task.output") break;
      await orchestrator.kill();
      const killedMs = Date.now();
      ({ client } = await orchestrator.start());
      await writeFile(join(workspace, "go"), "x\n");
      expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
      const { spans, find } = traceOf(executionId);
      await expect
        .poll(() => spans().map(({ name }) => name), { timeout: 10_000 })
        .toEqual(expect.arrayContaining(["attempt", "execution"]));
      expect(find("attempt").startMs).toBeLessThan(killedMs);
      expect(find("attempt").endMs).toBeGreaterThan(killedMs);
    });
  });

  it("costs nothing when the receiver is down", async () => {
    await withOrchestrator({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:65533" }, async (orchestrator) => {
      const { client } = await orchestrator.start();
      const tasks = Array.from({ length: 20 }, (_, index) => ({ id: `t${index}`, title: `T${index}`, command: "true" }));
      const { executionId } = await client.handoff({ plan: { title: "Down", tasks }, options: { workspace } });
      expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
      await expect
        .poll(async () => (await client.health()).dependencies["telemetry"], { timeout: 20_000, interval: 500 })
        .toMatchObject({ status: "down", detail: expect.stringContaining("ECONNREFUSED") });
      const startedMs = performance.now();
      expect(await orchestrator.terminate()).toBe(0);
      expect(performance.now() - startedMs).toBeLessThan(10_000);
    });
  });

  it.runIf(binary !== undefined)("of Claude Code itself joins the trace of its task", async () => {
    const api = await startMessagesApi(() => [{ type: "text", text: "done" }]);
    const { PATH: _path, HOME: _home, ...environment } = claudeEnvironment(api.url, workspace);
    const settings = {
      ...environment,
      LONGHAUL_CLAUDE: binary as string,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      LONGHAUL_ISOLATION: "process",
    };
    await withOrchestrator(settings, async (orchestrator) => {
      const { client } = await orchestrator.start();
      const { executionId } = await client.handoff({
        plan: { title: "Prose", tasks: [{ id: "one", title: "Say it" }] },
        options: { workspace },
      });
      expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
      const { spans, find } = traceOf(executionId);
      const ofClaude = () => spans().filter(({ service }) => service === "claude-code");
      await expect.poll(() => ofClaude().length, { timeout: 10_000 }).toBeGreaterThan(0);
      await expect.poll(() => spans().map(({ name }) => name), { timeout: 10_000 }).toContain("attempt");
      expect(ofClaude().some(({ parentSpanId }) => parentSpanId === find("attempt").spanId)).toBe(true);
      expect(receiver.logs.some(({ service }) => service === "claude-code")).toBe(true);
    });
    await api.close();
  });
});
