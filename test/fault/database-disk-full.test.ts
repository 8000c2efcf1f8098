/** The disk under PostgreSQL itself is full for a while. */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, open, readFile, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../../orchestrator/store/db.ts";
import { brokenInvariants } from "../support/invariants.ts";
import { createTestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { faultRounds } from "../support/seed.ts";

const rounds = faultRounds(1, 10);
const isRoot = process.getuid?.() === 0 && process.platform === "linux";

/** Takes every free byte. */
async function fill(folder: string): Promise<void> {
  const file = await open(join(folder, "filler"), "w");
  try {
    for (const size of [1024 * 1024, 4096]) {
      const block = Buffer.alloc(size);
      await (async () => {
        for (;;) await file.writeFile(block);
      })().catch((error: NodeJS.ErrnoException) => expect(error.code).toBe("ENOSPC"));
    }
  } finally {
    await file.close();
  }
  expect((await statfs(folder)).bavail).toBe(0);
}

it.runIf(isRoot)(
  `PostgreSQL's own disk is full ${rounds} times (a small tmpfs, which only root can mount): it loses nothing and goes on`,
  async () => {
    const orchestrator = await createTestOrchestrator({ LONGHAUL_SAME_FAILURES: "1000" });
    const disk = join(orchestrator.home, "postgres");
    await mkdir(disk, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=160m,mode=711", "tmpfs", disk]);
    onTestFinished(async () => {
      await orchestrator.remove();
    });
    onTestFinished(() => void execFileSync("umount", ["-l", disk]));
    onTestFinished(() => orchestrator.terminate().then(() => undefined));
    const workspace = await mkdtemp("/tmp/longhaul-work-");
    onTestFinished(() => rm(workspace, { recursive: true, force: true }));
    const { client, process: node } = await orchestrator.start();
    const tasks = Array.from({ length: 12 + rounds * 12 }, (_, index) => ({
      id: `t${index}`,
      title: `Task ${index}`,
      command: `echo "start t${index}" >> journal; sleep 0.2; echo "end t${index}" >> journal`,
      dependencies: index < 4 ? [] : [`t${index - 4}`],
    }));
    const { executionId } = await client.handoff({ plan: { title: "full", tasks }, options: { workspace } });
    for (let round = 0; round < rounds; round += 1) {
      await delay(500);
      await fill(disk);
      await delay(1500);
      await rm(join(disk, "filler"));
      const isReady = () =>
        client.health().then(
          ({ ready }) => ready,
          () => false,
        );
      await expect.poll(isReady, { timeout: 60_000 }).toBe(true);
    }
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed", progress: { current: tasks.length } });
    expect(node.exitCode).toBeNull();
    const journal = (await readFile(join(workspace, "journal"), "utf8")).trim().split("\n");
    expect(journal.toSorted()).toEqual(tasks.flatMap(({ id }) => [`end ${id}`, `start ${id}`]).toSorted());
    const database = openDatabase({ host: join(disk, "run"), user: "longhaul", database: "longhaul" });
    expect(await brokenInvariants(database)).toEqual([]);
    await database.close();
  },
  600_000,
);
