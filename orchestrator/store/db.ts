/**
 * Connections to PostgreSQL: a pool for statements, one dedicated client that listens, and the translation of the server's errors into
 * the product's. Nothing outside `store/` imports `pg`.
 *
 * Failure story. A lost connection makes the statement under way fail with `unavailable` (retryable) and never the process: pool and
 * clients have error handlers. Whether a failed commit took effect is unknown; every engine function can therefore be repeated (fencing
 * numbers, offsets, idempotency keys). The listening client reconnects by itself and wakes everybody on every reconnect, because
 * notifications sent in between are gone.
 */
import pg from "pg";
import { LonghaulError } from "../domain/errors.ts";

export type Connection = pg.ClientConfig;

/** One statement; named, so that the server parses and plans it once per connection. */
export type Statement = { name: string; text: string; values: unknown[] };

export type Database = {
  query<Row>(statement: Statement): Promise<Row[]>;
  /** All statements in one transaction and one round trip; rows of each. */
  atomically(statements: Statement[]): Promise<unknown[][]>;
  /** Calls `wake(payload)` for notifications of a channel and `wake(undefined)` after every (re)connect. Returns the function that ends it. */
  listen(channel: string, wake: (payload: string | undefined) => void): () => void;
  close(): Promise<void>;
};

const reconnectDelayMs = 250;
const connectMs = 10_000;
const defaultAnswerMs = 60_000;
/** An idle connection is asked after this whether its other end is still there; after some ten seconds without an answer it is lost. */
const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: 5_000 };

/**
 * Opens the pool. Does not connect yet; the first statement does.
 * @param connections most connections of the pool; the listener has one more of its own
 * @param answerMs a server that says nothing for so long counts as lost: a cut cable closes no connection, and the system would go on
 *   sending for a quarter of an hour. Shorter than a lease, so that a node that was cut off knows it while its attempts are still its own.
 */
export function openDatabase(connection: Connection, connections = 8, answerMs = defaultAnswerMs): Database {
  // jit costs more than it saves on statements of a few milliseconds (measured: 18 ms instead of 2 ms per step).
  const settings = {
    ...connection,
    ...keepAlive,
    application_name: "longhaul",
    pipeline: true,
    statement_timeout: 60_000,
    query_timeout: answerMs,
    connectionTimeoutMillis: answerMs,
    options: "-c jit=off",
  };
  const pool = new pg.Pool({ ...settings, max: connections, idleTimeoutMillis: 30_000 });
  pool.on("error", () => undefined); // an idle connection that died is simply replaced by the next statement
  const listener = createListener({ ...connection, application_name: "longhaul listener" });

  return {
    async query<Row>(statement: Statement) {
      try {
        return (await pool.query(clean(statement))).rows as Row[];
      } catch (error) {
        throw translate(error);
      }
    },
    async atomically(statements) {
      const client = await pool.connect().catch((error: unknown) => {
        throw translate(error);
      });
      const ignore = () => undefined;
      client.on("error", ignore);
      // Sent without waiting in between: when one fails the server skips the rest and turns the commit into a rollback.
      const sent = [
        client.query("begin"),
        ...statements.map((statement) => client.query(clean(statement))),
        client.query("commit"),
      ];
      const results = await Promise.allSettled(sent);
      client.off("error", ignore);
      const failed = results.find((result) => result.status === "rejected");
      client.release(failed !== undefined);
      if (failed !== undefined) throw translate(failed.reason);
      return results.slice(1, -1).map((result) => (result.status === "fulfilled" ? result.value.rows : []));
    },
    listen: listener.listen,
    async close() {
      await listener.close();
      await pool.end();
    },
  };
}

function createListener(connection: Connection) {
  const subscribers = new Map<string, Set<(payload: string | undefined) => void>>();
  let client: pg.Client | undefined;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let connecting = false;

  const reconnectLater = () => {
    client = undefined;
    if (!closed) timer = setTimeout(() => void connect(), reconnectDelayMs);
  };
  const connect = async () => {
    if (connecting || client !== undefined || closed) return;
    connecting = true;
    const next = new pg.Client({ ...connection, ...keepAlive, connectionTimeoutMillis: connectMs });
    let lost = false;
    next.on("error", () => undefined);
    next.on("end", () => {
      if (!lost && client === next) reconnectLater();
      lost = true;
    });
    next.on("notification", (message) => {
      for (const wake of subscribers.get(message.channel) ?? []) wake(message.payload);
    });
    try {
      await next.connect();
      for (const channel of subscribers.keys()) await next.query(`listen ${pg.escapeIdentifier(channel)}`);
      connecting = false;
      if (closed || lost) throw new Error("closed while connecting");
      client = next;
      for (const wakes of subscribers.values()) for (const wake of wakes) wake(undefined);
    } catch {
      connecting = false;
      lost = true;
      await next.end().catch(() => undefined);
      reconnectLater();
    }
  };

  return {
    listen(channel: string, wake: (payload: string | undefined) => void) {
      const known = subscribers.get(channel);
      if (known === undefined) {
        subscribers.set(channel, new Set([wake]));
        if (client === undefined) void connect();
        else void client.query(`listen ${pg.escapeIdentifier(channel)}`).catch(() => undefined);
      } else known.add(wake);
      return () => void subscribers.get(channel)?.delete(wake);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}

/** PostgreSQL text and jsonb cannot hold NUL; output of tasks can. */
function clean(statement: Statement): Statement {
  return { ...statement, values: statement.values.map(withoutNul) };
}

function withoutNul(value: unknown): unknown {
  if (typeof value === "string") {
    return value.includes("\0") || value.includes("\\u0000")
      ? value.replaceAll("\0", "").replaceAll(/(?<!\\)((?:\\\\)*)\\u0000/g, "$1")
      : value;
  }
  return Array.isArray(value) ? value.map(withoutNul) : value;
}

/** The server is away, cannot write now (full disk, a standby that takes over), or did not finish in time: the same may work later. */
const notNow = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "EPIPE",
  "ETIMEDOUT",
  "57P01",
  "57P02",
  "57P03",
  "57014",
  "53000",
  "53100",
  "53200",
  "53300",
  "25006",
  "58030",
  "08000",
  "08003",
  "08006",
]);

function translate(error: unknown): LonghaulError {
  if (error instanceof LonghaulError) return error;
  const { code, message } = error as { code?: string; message: string };
  if (code === "LH404") return new LonghaulError("not_found", message, { cause: error });
  if (code === "LH409") return new LonghaulError("conflict", message, { cause: error });
  if (code === "LH410")
    return new LonghaulError("conflict", message, { cause: error, hint: "Another orchestrator took over this node." });
  if (code === "22P02") return new LonghaulError("not_found", `No such thing: ${message}`, { cause: error });
  const lost = code === undefined ? /terminated|timeout|connection|closed|not queryable/i.test(message) : notNow.has(code);
  if (lost) {
    return new LonghaulError("unavailable", `PostgreSQL does not answer: ${message}`, { cause: error, retryable: true });
  }
  const retryable = code === "40001" || code === "40P01";
  return new LonghaulError("internal", `PostgreSQL refused a statement: ${message}`, { cause: error, retryable });
}
