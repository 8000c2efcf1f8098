import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Database, openDatabase } from "../../../orchestrator/store/db.ts";
import { assertEngineHolds } from "../../support/engine-property.ts";
import { createTestDatabase } from "../../support/postgres.ts";

/** More runs, and the defects that take long to be found, with LONGHAUL_FAULT=full (npm run test:fault). */
const full = process.env["LONGHAUL_FAULT"] === "full";
const runs = full ? 2000 : 60;

let database: Database;
let drop: () => Promise<void>;
beforeEach(async () => {
  const test = await createTestDatabase();
  database = openDatabase(test.connection);
  drop = test.drop;
});
afterEach(async () => {
  await database.close();
  await drop();
});

it("whatever is done in whatever order, the invariants hold and the execution can be brought to its end", async () => {
  await assertEngineHolds(database, { runs });
}, 600_000);

/** Deliberate defects: [what breaks, text in sql/0002_engine.sql or 0003_commands.sql, what to put there]. Each must be caught by the property above. */
const mutants: [string, string, string][] = [
  ["dependencies are not counted", "case when t.unmet = f.n then t.ready_status else t.status end", "t.ready_status"],
  ["the sequence skips", "last_seq = e.last_seq + y.ended + y.waiting", "last_seq = e.last_seq + y.ended + y.waiting + 1"],
  [
    "a claimed task stays queued",
    "update execution_tasks t set status = 'in_progress', attempt = t.attempt + 1, node_id = p_node,",
    "update execution_tasks t set attempt = t.attempt + 1,",
  ],
  [
    "a finish unlocks nothing",
    "where x.status = 'completed' group by d.execution_id, d.dependent",
    "where false group by d.execution_id, d.dependent",
  ],
  [
    "a failure leaves its dependents pending",
    "and (u.status in ('failed', 'cancelled') or u.skip_cause = 'dependency'))",
    "and false)",
  ],
];

/** Caught by tests of their own in engine.test.ts as well. */
const slowMutants: typeof mutants = [
  [
    "late reports are taken",
    "join execution_tasks t on t.execution_id = g.execution_id and t.ordinal = g.ordinal and t.attempt = g.attempt\n      and t.status in ('in_progress', 'verifying')",
    "join execution_tasks t on t.execution_id = g.execution_id and t.ordinal = g.ordinal and t.node_id is not null",
  ],
  ["a retry forgets what was skipped", "where x.skip_cause = 'dependency' or x.status = 'cancelled'\n  ),", "where false\n  ),"],
];

describe("the property catches an engine in which", () => {
  it.each(full ? [...mutants, ...slowMutants] : mutants)(
    "%s",
    async (_name, text, replacement) => {
      const files = ["0002_engine.sql", "0003_commands.sql"].map((name) =>
        readFile(new URL(`../../../sql/${name}`, import.meta.url), "utf8"),
      );
      const source = (await Promise.all(files)).join("\n");
      expect(source.split(text).length).toBe(2);
      const broken = source.replaceAll("create function", "create or replace function").replace(text, replacement);
      await database.query({ name: "", text: broken, values: [] });
      await expect(assertEngineHolds(database, { runs: 300, seed: 1, hunting: true })).rejects.toThrow();
    },
    120_000,
  );
});
