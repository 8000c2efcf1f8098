import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { connectExternal } from "../../../orchestrator/database/external.ts";
import { LonghaulError } from "../../../orchestrator/domain/errors.ts";
import { createTestDatabase } from "../../support/postgres.ts";
import { ask } from "./starter.ts";

const password = "s3cret-Pa55";
let other: Server | undefined;
afterEach(() => {
  other?.close();
  other = undefined;
});

/** A port behind which something answers that is no PostgreSQL. */
async function foreignPort(): Promise<number> {
  other = createServer((socket) => socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  return (other.address() as AddressInfo).port;
}

/** The error, after a look at everything that a log could print of it. */
async function refusal(url: string): Promise<LonghaulError> {
  const error: unknown = await connectExternal({ kind: "url", url }).catch((reason: unknown) => reason);
  if (!(error instanceof LonghaulError)) throw new Error(`not refused as expected: ${String(error)}`);
  const { cause } = error as { cause?: object & { stack?: string } };
  const printed = [error.message, error.hint, error.stack, cause?.stack, JSON.stringify(Object.entries(cause ?? {}))].join("\n");
  expect(printed).not.toContain(password);
  return error;
}

describe("a server that the operator names", () => {
  it("is used by its address", async () => {
    const { databaseUrl, drop } = await createTestDatabase();
    const { connection } = await connectExternal({ kind: "url", url: databaseUrl });
    expect(await ask(connection, "select 1 as one")).toEqual([{ one: 1 }]);
    await drop();
  });

  it("is used by the parts of its address", async () => {
    const { connection: given, drop } = await createTestDatabase();
    const parts = { host: given.host, port: 5432, database: given.database, user: "longhaul", password: undefined };
    const { connection } = await connectExternal({ kind: "parts", ...parts });
    expect(await ask(connection, "select current_database() as name")).toEqual([{ name: given.database }]);
    await drop();
  });

  it("is refused when nothing listens there, with a reason also for names of several addresses", async () => {
    const port = await foreignPort();
    other?.close();
    const error = await refusal(`postgres://me:${password}@localhost:${port}/work`);
    expect(error).toMatchObject({ code: "unavailable", hint: expect.stringContaining("DATABASE_URL") });
    expect(error.message).toMatch(new RegExp(`No PostgreSQL at me@localhost:${port}/work: .*ECONNREFUSED`));
  });

  it("is refused when it is something else", { timeout: 20_000 }, async () => {
    const port = await foreignPort();
    expect((await refusal(`postgres://me:${password}@127.0.0.1:${port}/work`)).message).toMatch(/No PostgreSQL at .*: .+/);
  });

  it("is refused when the database does not exist, with what the server said", async () => {
    const { databaseUrl, connection, drop } = await createTestDatabase();
    const error = await refusal(
      databaseUrl.replace(`/${connection.database}`, "/missing").replace("longhaul@", `longhaul:${password}@`),
    );
    expect(error.message).toContain('database "missing" does not exist');
    await drop();
  });

  it.each(["[bad", "host:99999", "%zz"])("is refused when its address is malformed: %s", async (host) => {
    expect(["invalid_input", "unavailable"]).toContain((await refusal(`postgres://me:${password}@${host}/work`)).code);
  });
});
