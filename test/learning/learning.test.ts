/** Learning on a real orchestrator: what ends is found again with its verdict, whoever was away in between. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { learningReport, recommendations } from "../../client/learning.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { startEmbeddingServer } from "./embedding-server.ts";

const program = fileURLToPath(new URL("../../bin/longhaul.mjs", import.meta.url));

let drop: () => Promise<void>;
let orchestrator: TestOrchestrator;
let running: Awaited<ReturnType<TestOrchestrator["start"]>>;
let workspace: string;

beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
  running = await orchestrator.start();
  workspace = await mkdtemp("/tmp/longhaul-shop-");
});
afterAll(async () => {
  await orchestrator.remove();
  await rm(workspace, { recursive: true, force: true });
  await drop();
});

const handoff = async (tasks: object[]) => {
  const { executionId } = await running.client.handoff({ plan: { title: "Shop", tasks }, options: { workspace } });
  await untilEnded(running.client, executionId);
  return executionId;
};
const search = async (q: string) => (await recommendations(running.client, { q })).recommendations;

describe("what was done before", () => {
  it("is found again when it is asked for, with its verdict, within a second", async () => {
    const executionId = await handoff([
      {
        id: "deploy",
        title: "Deploy MinIO container",
        command: "echo docker compose up -d >started",
        verify: "test -s started",
      },
      {
        id: "migrate",
        title: "Migrate the customer database",
        command: "echo 'Error: relation \"customers\" already exists'; exit 3",
        retry: { maxAttempts: 1 },
      },
    ]);
    const endedMs = Date.now();
    await expect.poll(() => search("start a minio docker container"), { interval: 20 }).toHaveLength(1);
    expect(Date.now() - endedMs).toBeLessThan(1_000);
    const [minio] = await search("start a minio docker container");
    expect(minio).toMatchObject({
      title: "Deploy MinIO container",
      outcome: "success",
      executionId,
      commands: ["echo docker compose up -d >started"],
      evidence: ["test -s started: passed, exit 0"],
    });
    const [migration] = await search("database migration of customers");
    expect(migration).toMatchObject({
      outcome: "failure",
      errors: expect.arrayContaining(['Error: relation "customers" already exists']),
    });
  });

  it("is not shown where nothing is like it", async () => {
    expect(await search("knit a woollen scarf for grandmother")).toEqual([]);
  });

  it("keeps no secret, neither in the store nor in the answer", async () => {
    const secret = ["sk-", "proj-abcdefghijklmnopqrstuvwxyz0123"].join("");
    await handoff([{ id: "s", title: "Sync the billing ledger", command: `echo "token=${secret}" PASSWORD=hunter2hunter2` }]);
    await expect.poll(() => search("billing ledger sync"), { interval: 20 }).toHaveLength(1);
    const found = JSON.stringify(await search("billing ledger sync"));
    expect(found).toContain("[redacted]");
    expect(found).not.toContain(secret);
    expect(found).not.toContain("hunter2hunter2");
  });

  it("is learned later when the orchestrator was killed before it could", async () => {
    const { executionId } = await running.client.handoff({
      plan: { title: "Shop", tasks: [{ id: "r", title: "Rotate the nginx certificates", command: "sleep 0.4" }] },
      options: { workspace },
    });
    for await (const event of running.client.stream(executionId)) if (event.type === "task.started") break;
    await orchestrator.kill();
    running = await orchestrator.start();
    await untilEnded(running.client, executionId);
    await expect.poll(() => search("renew nginx certificate"), { interval: 50, timeout: 5_000 }).toHaveLength(1);
  });

  it("is told on the command line as the specification shows it", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, "recommend", "deploy a minio container"], {
      env: { ...process.env, LONGHAUL_HOME: orchestrator.home },
    });
    expect(stdout).toMatch(
      /^Found 1 similar execution from history:\n\n1\. \[\d+% similar\] "Deploy MinIO container" \(SUCCESS, \d+ seconds?\)\n {3}Commands: echo docker/,
    );
    expect(stdout).toContain("Would you like to apply the successful approach from #1?");
    const { stdout: report } = await promisify(execFile)(process.execPath, [program, "learning"], {
      env: { ...process.env, LONGHAUL_HOME: orchestrator.home },
    });
    expect(report).toMatch(/^4 patterns \(.*1 failure.*\), found through postgres\n/);
  });

  it("counts what it knows", async () => {
    expect(await learningReport(running.client)).toMatchObject({
      patterns: 4,
      outcomes: { success: 3, failure: 1 },
      index: "postgres",
    });
  });
});

describe("with an embedding service", () => {
  it("finds by meaning what shares no word, also patterns from before, and by words while the service is away", async () => {
    const embeddings = await startEmbeddingServer();
    embeddings.meansTheSame("Deploy MinIO container", "object shelf for pictures");
    await orchestrator.terminate();
    running = await orchestrator.start({
      EMBEDDING_MODEL: "test-embed",
      OPENAI_BASE_URL: embeddings.url,
      OPENAI_API_KEY: "secret-key",
    });
    await expect.poll(() => search("object shelf for pictures"), { timeout: 10_000 }).not.toEqual([]);
    expect((await search("object shelf for pictures"))[0]?.title).toBe("Deploy MinIO container");
    expect(embeddings.requests[0]).toMatchObject({ model: "test-embed", encoding_format: "float" });

    embeddings.breakWith(500);
    expect((await search("renew nginx certificate"))[0]?.title).toBe("Rotate the nginx certificates");
    await handoff([{ id: "x", title: "Compress the invoice archive", command: "true" }]);
    await expect.poll(async () => (await search("compress invoice archive"))[0]?.title).toBe("Compress the invoice archive");
    await embeddings.close();
  });
});
