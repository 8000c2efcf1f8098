import { execFileSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { createFaultBench, layeredTasks } from "../support/fault-bench.ts";
import { untilEnded } from "../support/orchestrator.ts";
import { faultRounds } from "../support/seed.ts";

const rounds = faultRounds(1, 10);
const bench = createFaultBench();
const isRoot = process.getuid?.() === 0 && process.platform === "linux";

it.runIf(isRoot)(
  `a disk that is full ${rounds} times (a small tmpfs, which only root can mount) loses nothing and goes on`,
  async () => {
    const disk = join(bench.orchestrator.home, "executions");
    await mkdir(disk, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk]);
    try {
      const { client } = await bench.orchestrator.start();
      const tasks = layeredTasks(rounds * 5, 3, 0.2, { backoffMs: 200, maxBackoffMs: 200 });
      // The halt after failures in a row is another test's: these are retries.
      const { executionId } = await client.handoff({ plan: { title: "disk", tasks }, options: { workspace: bench.workspace } });
      for (let round = 0; round < rounds; round += 1) {
        await delay(600);
        await writeFile(join(disk, "filler"), Buffer.alloc(8 * 1024 * 1024)).catch((error: NodeJS.ErrnoException) =>
          expect(error.code).toBe("ENOSPC"),
        );
        await delay(700);
        expect((await client.health()).ready).toBe(true);
        await rm(join(disk, "filler"));
      }
      expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed", progress: { current: tasks.length } });
      await bench.expectSound(executionId, tasks);
      await bench.orchestrator.terminate();
    } finally {
      execFileSync("umount", ["-l", disk]);
    }
  },
  600_000,
);
