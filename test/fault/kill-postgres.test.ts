import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDatabase } from "../../orchestrator/store/db.ts";
import { brokenInvariants } from "../support/invariants.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { faultRounds } from "../support/seed.ts";

const rounds = faultRounds(4, 200);

let orchestrator: TestOrchestrator;
let workspace: string;
beforeAll(async () => {
  orchestrator = await createTestOrchestrator();
  workspace = await mkdtemp("/tmp/longhaul-work-");
});
afterAll(async () => {
  await orchestrator.remove();
  await rm(workspace, { recursive: true, force: true });
});

it(`PostgreSQL is killed or restarted ${rounds} times under load: the orchestrator waits, reconnects and goes on`, async () => {
  const { client, process: node } = await orchestrator.start();
  const tasks = Array.from({ length: rounds * 6 }, (_, index) => ({
    id: `t${index}`,
    title: `Task ${index}`,
    command: `echo "start t${index}" >> journal; sleep 0.3; echo "end t${index}" >> journal`,
    dependencies: index < 4 ? [] : [`t${index - 4}`],
  }));
  const { executionId } = await client.handoff({ plan: { title: "postgres kills", tasks }, options: { workspace } });
  const lockFile = join(orchestrator.home, "postgres", "data", "postmaster.pid");
  for (let round = 0; round < rounds; round += 1) {
    await delay(700 + 211 * (round % 3));
    const pid = Number((await readFile(lockFile, "utf8")).split("\n")[0]);
    process.kill(pid, round % 4 === 3 ? "SIGINT" : "SIGKILL"); // a fast shutdown, as an administrator's restart does it
    while ((await client.health().catch(() => undefined))?.ready !== true) await delay(50);
  }
  const ended = await untilEnded(client, executionId);
  expect(ended.failedTasks).toEqual([]);
  expect(ended).toMatchObject({ status: "completed", progress: { current: tasks.length } });
  expect(node.exitCode).toBeNull();
  const journal = (await readFile(join(workspace, "journal"), "utf8")).trim().split("\n");
  expect(journal.toSorted()).toEqual(tasks.flatMap(({ id }) => [`end ${id}`, `start ${id}`]).toSorted());
  const database = openDatabase({ host: join(orchestrator.home, "postgres", "run"), user: "longhaul", database: "longhaul" });
  expect(await brokenInvariants(database)).toEqual([]);
  await database.close();
}, 1_800_000);
