/** Tasks of kind data on real files and a real database. */
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dataSettings } from "../../../orchestrator/executors/program-settings.ts";
import { taskSecretsOf } from "../../../orchestrator/task-secrets.ts";
import { createTestDatabase } from "../../support/postgres.ts";
import { createAttempt } from "./support/attempt.ts";
import { programWith } from "./support/programs.ts";

const data = programWith({ kind: "data" });

async function dataTask(params: Record<string, unknown>, files: Record<string, string> = {}) {
  const attempt = await createAttempt({ kind: "data", params });
  for (const [name, text] of Object.entries(files)) await writeFile(join(attempt.workspace, name), text);
  return attempt;
}

describe("a data task", () => {
  it("joins and computes over several files, and leaves the result as an artifact and a file", async () => {
    const params = {
      inputs: { orders: { file: "orders.csv" }, customers: { file: "customers.json" } },
      expression:
        "$map(customers, function($c){ { 'name': $c.name, 'total': $sum($$.orders[customer = $c.id].$number(amount)) } })",
      saveAs: "out/totals.csv",
    };
    const attempt = await dataTask(params, {
      "orders.csv": "customer,amount\na1,2\nb2,3.5\na1,4\n",
      "customers.json": '[{"id":"a1","name":"Ann"},{"id":"b2","name":"O\\"Neil, jr"}]',
    });
    expect(await attempt.run(data)).toMatchObject({ status: "succeeded", message: "2 rows in out/totals.csv" });
    const text = 'name,total\nAnn,6\n"O""Neil, jr",3.5\n';
    expect(await readFile(join(attempt.workspace, "out/totals.csv"), "utf8")).toBe(text);
    expect(await readFile(join(attempt.directory, "artifacts/result.csv"), "utf8")).toBe(text);
  });

  it("converts without an expression", async () => {
    const attempt = await dataTask({ input: { file: "rows.ndjson" }, output: "json" }, { "rows.ndjson": '{"a":1}\n\n{"a":2}\n' });
    expect(await attempt.run(data)).toMatchObject({ status: "succeeded" });
    expect(JSON.parse(await readFile(join(attempt.directory, "artifacts/result.json"), "utf8"))).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it("asks a database, and cannot change it", async () => {
    const { databaseUrl, drop } = await createTestDatabase();
    try {
      const secrets = taskSecretsOf({ LONGHAUL_SECRET_SHOP: databaseUrl });
      const sql = programWith({ kind: "data", settings: dataSettings(secrets) });
      const ask = (query: string, more = {}) =>
        dataTask({ input: { sql: { database: "SHOP", query, ...more } }, expression: "$sum(n)" });
      const attempt = await ask("select n::int from generate_series(1, $1::int) n", { values: [4] });
      expect(await attempt.run(sql)).toMatchObject({ status: "succeeded", summary: expect.stringMatching(/^10\n/) });
      expect(await readFile(join(attempt.directory, "order.json"), "utf8")).not.toContain(databaseUrl);
      for (const query of [
        "create table evil (n int)",
        "select 1; commit; create table evil (n int)",
        "select nothing from nowhere",
      ])
        expect(await (await ask(query)).run(sql), query).toMatchObject({
          failureClass: "permanent",
          message: expect.stringContaining("the query is refused"),
        });
      expect(await (await ask("select 1 from generate_series(1, 20)", { mostRows: 10 })).run(sql)).toMatchObject({
        failureClass: "permanent",
        message: expect.stringContaining("20 rows"),
      });
    } finally {
      await drop();
    }
  });

  it.each([
    [{ input: { file: "a.json" } }, /a\.json is not json/],
    [{ input: { file: "none.json" } }, /none\.json cannot be read/],
    [{ input: { file: "link/passwd" } }, /leads out of the workspace/],
    [{ input: { value: 1 }, expression: "1 +" }, /the expression is wrong/],
    [{ input: { file: "../x" } }, /params\.input\.file: must be a path inside the workspace/],
    [{ input: { value: {} }, expression: "constructor.constructor('return process')()" }, /gives nothing/],
  ])("refuses %j for good", async (params, message) => {
    const attempt = await dataTask(params, { "a.json": "{" });
    await mkdir(join(attempt.workspace, "x"));
    await symlink("/etc", join(attempt.workspace, "link"));
    expect(await attempt.run(data)).toMatchObject({ failureClass: "permanent", message: expect.stringMatching(message) });
  });

  it("that runs away is ended by its limit, and the orchestrator goes on", async () => {
    const attempt = await createAttempt({
      kind: "data",
      params: { input: { value: 1 }, expression: "( $f := function($n){ $f($n + 1) }; $f(1) )" },
      limits: { wallSeconds: 2 },
    });
    expect(await attempt.run(data)).toMatchObject({ status: "failed", failureClass: "timeout" });
  });
});
