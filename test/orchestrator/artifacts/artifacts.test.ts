/** Artifacts of a real orchestrator, in a bucket that checks signatures. */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { artifactsOf } from "../../../client/artifacts.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";
import { type S3Server, startS3Server } from "./s3-server.ts";

const keys = { accessKeyId: "AKIDLONGHAUL", secretAccessKey: "secret/of+the=bucket" };
let s3: S3Server;
let orchestrator: TestOrchestrator;
let running: Awaited<ReturnType<TestOrchestrator["start"]>>;
let settings: Record<string, string>;
let workspace: string;
let drop: () => Promise<void>;
beforeAll(async () => {
  s3 = await startS3Server(keys, "plans");
  const database = await createTestDatabase();
  drop = database.drop;
  settings = {
    S3_ENDPOINT: s3.url,
    S3_BUCKET: "plans",
    S3_PREFIX: "long haul/",
    S3_ACCESS_KEY_ID: keys.accessKeyId,
    S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
  };
  orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
  running = await orchestrator.start(settings);
  workspace = await mkdtemp("/tmp/longhaul-work-");
});
afterAll(async () => {
  await orchestrator.remove();
  await s3.close();
  await rm(workspace, { recursive: true, force: true });
  await drop();
});

const run = async () => {
  const tasks = [{ id: "one (a)", title: "One", command: "echo made", verify: "echo seen" }];
  const { executionId } = await running.client.handoff({ plan: { title: "Files", tasks }, options: { workspace } });
  expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed" });
  return executionId;
};
const content = async (id: string) => {
  const answer = await fetch(`${running.url}/api/artifacts/${id}/content`, {
    headers: { authorization: `Bearer ${running.token}` },
  });
  return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
};

describe("artifacts", () => {
  it("are brought to the bucket, signed and whole, and handed out from there when the disk has them no more", async () => {
    const executionId = await run();
    const list = async () => (await artifactsOf(running.client, executionId)).artifacts;
    await expect.poll(async () => (await list()).every(({ objectKey }) => objectKey !== null), { timeout: 10_000 }).toBe(true);
    const [evidence] = await list();
    expect(evidence).toMatchObject({
      taskId: "one (a)",
      attempt: 1,
      name: "evidence.json",
      objectKey: `long haul/${executionId}/one (a)/1/evidence.json`,
    });
    const { location = "", digest, id = "" } = evidence ?? {};
    const object = s3.objects.get(evidence?.objectKey ?? "");
    expect(object?.type).toBe("application/json");
    expect(object?.body.equals(await readFile(location))).toBe(true);
    expect(
      `sha256:${createHash("sha256")
        .update(object?.body ?? "")
        .digest("hex")}`,
    ).toBe(digest);
    expect(s3.refusals).toEqual([]);

    const onDisk = await content(id);
    expect(onDisk).toMatchObject({ status: 200, type: "application/octet-stream" });
    await rm(location);
    expect(await content(id)).toEqual(onDisk);
    expect((await artifactsOf(running.client, executionId, "one (a)")).artifacts).toHaveLength(1);
    expect((await artifactsOf(running.client, executionId, "other")).artifacts).toEqual([]);
    expect((await running.client.health()).dependencies["s3"]).toMatchObject({ status: "up" });
  });

  it("wait on the disk while the service is away, also across a restart, and hold up nothing", async () => {
    s3.setDown(true);
    const executionId = await run();
    await expect.poll(() => s3.refusals, { timeout: 10_000 }).toContain("SlowDown");
    await expect
      .poll(async () => (await running.client.health()).dependencies["s3"]?.status, { timeout: 10_000, interval: 500 })
      .toBe("down");
    await orchestrator.kill();
    s3.setDown(false);
    running = await orchestrator.start(settings);
    const keysOf = async () => (await artifactsOf(running.client, executionId)).artifacts.map(({ objectKey }) => objectKey);
    await expect.poll(keysOf, { timeout: 10_000 }).toEqual([`long haul/${executionId}/one (a)/1/evidence.json`]);
  });

  it("are refused with a wrong key, and the key is in no log", async () => {
    await orchestrator.terminate();
    s3.refusals.length = 0;
    running = await orchestrator.start({ ...settings, S3_SECRET_ACCESS_KEY: "another-secret" });
    const executionId = await run();
    await expect.poll(() => s3.refusals, { timeout: 10_000 }).toContain("SignatureDoesNotMatch");
    expect((await artifactsOf(running.client, executionId)).artifacts[0]?.objectKey).toBeNull();
    const log = await readFile(join(orchestrator.home, "logs/orchestrator.log"), "utf8").catch(() => orchestrator.log());
    expect(log).not.toMatch(/another-secret|secret\/of/);
  });
});
