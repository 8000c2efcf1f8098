/** What every fault test stands on: a database, an orchestrator on it, a workspace, and the checks that must hold whatever was done to them. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { type Database, openDatabase } from "../../orchestrator/store/db.ts";
import { brokenInvariants } from "./invariants.ts";
import { createTestOrchestrator, type TestOrchestrator } from "./orchestrator.ts";
import { createTestDatabase } from "./postgres.ts";
import { processesOf } from "./processes.ts";

export type FaultBench = {
  readonly database: Database;
  readonly databaseUrl: string;
  readonly orchestrator: TestOrchestrator;
  readonly workspace: string;
  /** Lines that tasks wrote into `journal` of the workspace. */
  journal(): Promise<string[]>;
  /** Forgets the journal, for the next test of the file. */
  clear(): Promise<void>;
  /** Every task completed once, in order and without a gap in the log, and no process is left. */
  expectSound(executionId: string, tasks: { id: string; dependencies: string[] }[]): Promise<void>;
};

/** To be called once per test file. @param environment of the orchestrator */
export function createFaultBench(environment: Record<string, string> = {}): FaultBench {
  const made = {} as { database: Database; databaseUrl: string; orchestrator: TestOrchestrator; workspace: string };
  let drop: () => Promise<void>;
  beforeAll(async () => {
    const test = await createTestDatabase();
    drop = test.drop;
    made.databaseUrl = test.databaseUrl;
    made.database = openDatabase(test.connection);
    made.orchestrator = await createTestOrchestrator({
      DATABASE_URL: test.databaseUrl,
      LONGHAUL_SAME_FAILURES: "1000", // chance may kill one task three times, and nobody is there to be asked why
      ...environment,
    });
    made.workspace = await mkdtemp("/tmp/longhaul-work-");
  });
  afterAll(async () => {
    await made.orchestrator.remove();
    await made.database.close();
    await drop();
    await rm(made.workspace, { recursive: true, force: true, maxRetries: 5 });
  });
  const journal = async () => (await readFile(join(made.workspace, "journal"), "utf8")).trim().split("\n");
  return Object.assign(made, {
    journal,
    clear: () => rm(join(made.workspace, "journal"), { force: true }),
    async expectSound(executionId: string, tasks: { id: string; dependencies: string[] }[]) {
      expect(await brokenInvariants(made.database)).toEqual([]);
      await expect.poll(() => processesOf(executionId), { timeout: 30_000 }).toEqual([]);
      const completed = await made.database.query<{ n: number }>({
        name: "completed once",
        text: "select count(*)::integer as n from execution_events where execution_id = $1 and type = 'task.completed' group by task_id",
        values: [executionId],
      });
      expect(completed).toEqual(tasks.map(() => ({ n: 1 })));
      const lines = await journal();
      for (const { id, dependencies } of tasks) {
        const began = lines.indexOf(`start ${id}`);
        expect(began).toBeGreaterThan(-1);
        expect(lines).toContain(`end ${id}`);
        for (const dependency of dependencies) expect(lines.indexOf(`end ${dependency}`)).toBeLessThan(began);
      }
    },
  });
}

/** Layers of tasks, each waiting for the whole layer before it, that write into the journal when they start and end. */
export function layeredTasks(layers: number, width: number, seconds: number, retry: Record<string, number> = {}) {
  return Array.from({ length: layers * width }, (_, index) => {
    const layer = Math.floor(index / width);
    const id = `t${index}`;
    return {
      id,
      title: id,
      command: `echo "start ${id}" >> journal; echo "${id} says something"; sleep ${seconds}; echo "end ${id}" >> journal`,
      dependencies: layer === 0 ? [] : Array.from({ length: width }, (_unused, place) => `t${(layer - 1) * width + place}`),
      retry: { maxAttempts: 100, backoffMs: 20, maxBackoffMs: 20, ...retry },
    };
  });
}
