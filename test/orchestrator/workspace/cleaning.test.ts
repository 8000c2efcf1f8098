import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createCheckpointStore } from "../../../orchestrator/store/checkpoints.ts";
import { type Database, openDatabase } from "../../../orchestrator/store/db.ts";
import { createEngine, type Engine } from "../../../orchestrator/store/engine.ts";
import { Cleaning } from "../../../orchestrator/workspace/cleaning.ts";
import { createGit } from "../../../orchestrator/workspace/git.ts";
import { createSnapshots } from "../../../orchestrator/workspace/snapshot.ts";
import { submitTasks } from "../../support/plans.ts";
import { createTestDatabase } from "../../support/postgres.ts";
import { contentsOf, createFolder, type Folder } from "./folder.ts";

let database: Database;
let drop: () => Promise<void>;
let engine: Engine;
beforeAll(async () => {
  const test = await createTestDatabase();
  database = openDatabase(test.connection);
  drop = test.drop;
  engine = createEngine(database, "a", 30);
  await engine.register("test");
});
afterAll(async () => {
  await database.close();
  await drop();
});

const rounds = process.env["LONGHAUL_FAULT"] === "full" ? 2000 : 120;
const hourMs = 3_600_000;
const retentionMs = 48 * hourMs;
const run = <Row>(text: string, values: unknown[]) => database.query<Row>({ name: "", text, values });

/** Numbers from a seed, so that a failing run can be repeated. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Kept = { folder: Folder; executionId: string; attempt: number; atMs: number; files: Record<string, string> };

it.each([true, false])(
  `cleaning up never loses what is within the retention time; git repository: %s`,
  async (repository) => {
    const seed = Number(process.env["LONGHAUL_SEED"] ?? Date.now() % 1_000_000);
    console.log(`seed ${seed} (LONGHAUL_SEED repeats it)`);
    const random = seeded(seed);
    const folder = createFolder(repository);
    const { home, workspace, sh } = folder;
    let nowMs = Date.now() - 1000 * 24 * hourMs;
    const now = () => nowMs;
    const git = createGit(process.env["PATH"], home);
    let snapshots = createSnapshots({ git, home, now });
    const checkpoints = createCheckpointStore(database, "a");
    const clean = () =>
      new Cleaning({
        git,
        snapshots,
        checkpoints,
        targets: { known: () => Promise.resolve(undefined) },
        directory: join(home, "worktrees"),
        retentionMs,
        onError(error) {
          throw error;
        },
        now,
      }).runOnce();
    const kept: Kept[] = [];
    const open: string[] = [];
    let attempt = 0;

    const refsDirectory = () =>
      repository
        ? join(workspace, ".git")
        : execFileSync("bash", ["-c", `echo ${home}/snapshots/*.git`], { encoding: "utf8" }).trim();
    const refCount = () =>
      execFileSync("git", ["--git-dir", refsDirectory(), "for-each-ref", "refs/longhaul"], { encoding: "utf8" }).split("\n")
        .length - 1;

    async function expectRecoverable(one: Kept): Promise<void> {
      const [row] = await run<{ snapshot_ref: string | null }>(
        "select snapshot_ref from checkpoints where execution_id = $1 and attempt = $2",
        [one.executionId, one.attempt],
      );
      const target = mkdtempSync("/tmp/longhaul-out-");
      try {
        execFileSync("bash", ["-euc", `git --git-dir '${refsDirectory()}' archive ${row?.snapshot_ref} | tar -x -C ${target}`], {
          stdio: ["ignore", "pipe", "pipe"],
        });
        expect(contentsOf(target)).toEqual(one.files);
      } finally {
        rmSync(target, { recursive: true });
      }
    }

    try {
      for (let round = 0; round < rounds; round += 1) {
        const action = random(10);
        if (action < 4) {
          const path = join(workspace, `d${random(3)}`, `f${random(6)}`);
          mkdirSync(dirname(path), { recursive: true });
          if (random(3) === 0) rmSync(path, { force: true });
          else writeFileSync(path, `content ${random(8)}\n`); // few contents: they come back, and share objects
        } else if (action < 7) {
          if (open.length === 0 || random(4) === 0) open.push(await submitTasks(engine, [{}], []));
          const executionId = open[random(open.length)] as string;
          attempt += 1;
          const ref = `refs/longhaul/${executionId}/0-${attempt}-after`;
          const { tree, ref: keptBy } = await snapshots.take(workspace, ref, "m");
          const state = { taskId: "t0", conversationId: "c", workspace, tree };
          await checkpoints.save({ executionId, ordinal: 0, attempt }, "after", 1, state, keptBy);
          await run("update checkpoints set created_at = $3 where execution_id = $1 and attempt = $2", [
            executionId,
            attempt,
            new Date(nowMs),
          ]);
          if (keptBy !== null) kept.push({ folder, executionId, attempt, atMs: nowMs, files: contentsOf(workspace) });
        } else if (action === 7) {
          const [executionId] = open.splice(random(open.length), 1);
          if (executionId !== undefined)
            await run("update executions set status = 'completed', finished_at = $2 where id = $1", [
              executionId,
              new Date(nowMs),
            ]);
        } else if (action === 8) {
          nowMs += random(20) * hourMs;
          if (random(4) === 0) snapshots = createSnapshots({ git, home, now }); // the orchestrator was restarted
        } else {
          await clean();
          if (repository) sh("git reflog expire --expire=now --all; git gc -q --prune=now");
          const within = kept.filter((one) => one.atMs >= nowMs - retentionMs || open.includes(one.executionId));
          for (const one of within.slice(0, 2).concat(within.slice(-2))) await expectRecoverable(one);
        }
        nowMs += 1000;
      }
      await clean();
      if (repository) sh("git reflog expire --expire=now --all; git gc -q --prune=now");
      for (const one of kept.filter((each) => each.atMs >= nowMs - retentionMs || open.includes(each.executionId)))
        await expectRecoverable(one);
      expect(kept.length).toBeGreaterThan(rounds / 10);
      // And it does clean: once all is old, nothing is left.
      for (const executionId of open)
        await run("update executions set status = 'completed', finished_at = $2 where id = $1", [executionId, new Date(nowMs)]);
      nowMs += 1000 * hourMs;
      expect(refCount()).toBeGreaterThan(0);
      for (let pass = 0; pass < 3; pass += 1) await clean();
      expect(refCount()).toBe(0);
      // What was cleaned up away can be kept again.
      writeFileSync(join(workspace, "last"), "x");
      await snapshots.take(workspace, "refs/longhaul/last/0-1-after", "m");
    } finally {
      folder.remove();
      await run("truncate executions, idempotency_keys cascade", []);
    }
  },
  600_000,
);
