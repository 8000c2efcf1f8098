import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../../../orchestrator/store/db.ts";
import { createTestDatabase } from "../../support/postgres.ts";

/** Stands between: what it is told to swallow goes nowhere, and no connection is closed, as when a cable is cut. */
async function startCable(host: string, port: number) {
  const folder = await mkdtemp(join(tmpdir(), "longhaul-cable-"));
  const name = `.s.PGSQL.${port}`;
  const sockets: Socket[] = [];
  let cut = false;
  const server = createServer((near) => {
    const far = connect(join(host, name));
    sockets.push(near, far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("data", (bytes) => {
        if (!cut) to.write(bytes);
      });
      from.on("error", () => undefined);
      from.on("close", () => to.destroy());
    }
  });
  server.listen(join(folder, name));
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    host: folder,
    set(now: "cut" | "whole") {
      cut = now === "cut";
    },
  };
}

it("a server that is cut off counts as lost in time, and is found again when it is back", async () => {
  const test = await createTestDatabase();
  onTestFinished(test.drop);
  const cable = await startCable(test.connection.host as string, test.connection.port as number);
  const database = openDatabase({ ...test.connection, host: cable.host }, 2, 400);
  const one = () => database.query({ name: "one", text: "select 1 as one", values: [] });
  expect(await one()).toEqual([{ one: 1 }]);

  cable.set("cut");
  const beganMs = performance.now();
  await expect(one()).rejects.toMatchObject({ code: "unavailable", retryable: true });
  await expect(database.atomically([{ name: "", text: "select 1", values: [] }])).rejects.toMatchObject({ code: "unavailable" });
  expect(performance.now() - beganMs).toBeLessThan(5_000);
  cable.set("whole");
  await expect.poll(one).toEqual([{ one: 1 }]);
  await database.close();
});
