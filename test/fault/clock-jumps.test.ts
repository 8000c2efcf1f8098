import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { createFaultBench, layeredTasks } from "../support/fault-bench.ts";
import { untilEnded } from "../support/orchestrator.ts";
import { faultRounds, seededRandom } from "../support/seed.ts";

const jumps = faultRounds(3, 60);
const bench = createFaultBench({ LONGHAUL_LEASE_SECONDS: "2" });

it(`a node whose clock jumps by up to an hour, ${jumps} times, keeps its leases, its order and its retries`, async () => {
  const random = seededRandom();
  const folder = await mkdtemp("/tmp/longhaul-clock-");
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const clock = join(folder, "offset-ms");
  await writeFile(clock, "0");
  // The wall clock of the orchestrator is what the file says; the one that only counts is left alone.
  const preload = join(folder, "clock.mjs");
  await writeFile(
    preload,
    `import { readFileSync } from "node:fs";
     const real = Date.now;
     Date.now = () => real() + Number(readFileSync(${JSON.stringify(clock)}, "utf8") || 0);`,
  );
  const { client } = await bench.orchestrator.start({ NODE_OPTIONS: `--import=${preload}` });
  const plain = layeredTasks(jumps, 3, 0.25);
  // Every third task fails at its first attempt, so that waiting for a retry is under way when the clock jumps.
  const tasks = plain.map((task, index) =>
    index % 3 === 0
      ? { ...task, command: `test -e tried-${task.id} || { touch tried-${task.id}; exit 1; }; ${task.command}` }
      : task,
  );
  const { executionId } = await client.handoff({ plan: { title: "clock", tasks }, options: { workspace: bench.workspace } });
  let farthestSeconds = 0;
  for (let jump = 0; jump < jumps; jump += 1) {
    await delay(200 + random() * 300);
    await writeFile(clock, String(Math.round((random() * 2 - 1) * 3_600_000)));
    farthestSeconds = Math.max(farthestSeconds, Math.abs((await client.health()).uptimeSeconds));
  }
  expect(farthestSeconds).toBeGreaterThan(60); // it has seen the jumps
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed", progress: { current: tasks.length } });
  await bench.expectSound(executionId, tasks);
  const [row] = await bench.database.query<{ n: number }>({
    name: "attempts",
    text: "select count(*)::integer as n from attempts where execution_id = $1",
    values: [executionId],
  });
  expect(row?.n).toBe(jumps); // the attempts that were meant to fail, none that a clock took away
}, 600_000);
