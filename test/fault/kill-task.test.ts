import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { fileNames, readWhole } from "../../orchestrator/executors/attempt-files.ts";
import { type ProcessIdentity, signalProcess } from "../../orchestrator/executors/process-identity.ts";
import { runningSupervisors } from "../../orchestrator/executors/supervisors.ts";
import { createFaultBench, layeredTasks } from "../support/fault-bench.ts";
import { untilEnded } from "../support/orchestrator.ts";
import { faultRounds, seededRandom } from "../support/seed.ts";

const kills = faultRounds(3, 200);
const bench = createFaultBench();
afterEach(async () => {
  await bench.orchestrator.terminate();
  await bench.clear();
});

it.runIf(process.platform === "linux").each(["supervisor", "command"] as const)(
  `kill -9 of a %s, ${kills} times: its task runs again, and nothing of the first attempt is left`,
  async (victim) => {
    const random = seededRandom();
    const { client } = await bench.orchestrator.start();
    const tasks = layeredTasks(kills + 5, 3, 0.25);
    const { executionId } = await client.handoff({ plan: { title: victim, tasks }, options: { workspace: bench.workspace } });
    let killed = 0;
    while (killed < kills) {
      await delay(random() * 500); // some attempts are to end by themselves
      const running = runningSupervisors(join(bench.orchestrator.home, "executions"));
      const chosen = running[Math.floor(random() * running.length)];
      if (chosen === undefined) {
        expect((await client.status(executionId)).status).toBe("running"); // it must not end before all kills were made
        continue;
      }
      const { ordinal, attempt, identity } = chosen;
      const directory = join(
        bench.orchestrator.home,
        "executions",
        executionId,
        `task-${String(ordinal).padStart(4, "0")}`,
        `attempt-${attempt}`,
      );
      const target = victim === "supervisor" ? identity : readWhole<ProcessIdentity>(directory, fileNames.pid);
      if (target !== undefined && signalProcess(target, "SIGKILL")) killed += 1;
    }
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed", progress: { current: tasks.length } });
    await bench.expectSound(executionId, tasks);
    const again = (await bench.journal()).filter((line) => line.startsWith("start ")).length - tasks.length;
    console.log(`${killed} kills of a ${victim}, ${again} attempts more than tasks`);
  },
  1_800_000,
);
