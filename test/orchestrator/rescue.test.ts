/** What becomes of the attempts of a node that never comes back, on a real database. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Rescue } from "../../orchestrator/rescue.ts";
import { type Database, openDatabase } from "../../orchestrator/store/db.ts";
import { createEngine } from "../../orchestrator/store/engine.ts";
import { createExecutionStore } from "../../orchestrator/store/executions.ts";
import { submitTasks } from "../support/plans.ts";
import { createTestDatabase } from "../support/postgres.ts";

let database: Database;
let drop: () => Promise<void>;

beforeAll(async () => {
  const test = await createTestDatabase();
  database = openDatabase(test.connection);
  drop = test.drop;
});
afterAll(async () => {
  await database.close();
  await drop();
});

describe("the attempts of a node whose lease ran out", () => {
  it("are tried again, but what must not happen twice is put to a person", async () => {
    const engine = createEngine(database, "node-a", 30);
    await engine.register("test");
    const url = "http://x.example";
    const executionId = await submitTasks(engine, [
      { kind: "shell", params: { command: "true" } },
      { kind: "http", params: { url } },
      { kind: "http", params: { url, method: "POST" } },
      { kind: "http", params: { url, method: "POST", idempotent: true } },
      { kind: "email", params: { to: "you@example.com", subject: "x", text: "x" } },
      { kind: "deploy", params: { host: "x.example", folder: "/srv/x", source: "dist" } },
      { kind: "browser", params: { url, steps: [{ click: "button" }] } },
      { kind: "browser", params: { url, steps: [{ screenshot: "x" }] } },
    ]);
    const kinds = ["shell", "http", "email", "deploy", "browser"];
    const claimed = await engine.step([], { total: 100, perKind: new Map(kinds.map((kind) => [kind, 100])) });
    expect(claimed.claimed).toHaveLength(8);
    await database.query({
      name: "lapse",
      text: "update nodes set lease_until = longhaul_now() - interval '1 second'",
      values: [],
    });
    const errors: unknown[] = [];
    const rescue = new Rescue({
      engine,
      onQueued: () => undefined,
      onAdopted: () => undefined,
      endOrphans: () => Promise.resolve(),
      onError: (error) => errors.push(error),
      now: Date.now,
      random: () => 0.5,
    });
    await rescue.runOnce();
    const statuses = (await createExecutionStore(database).briefs(executionId)).map((row) => row.status);
    expect(statuses).toEqual([
      "retrying",
      "retrying",
      "awaiting_human",
      "retrying",
      "awaiting_human",
      "awaiting_human",
      "awaiting_human",
      "retrying",
    ]);
    expect(errors).toEqual([]);
  });
});
