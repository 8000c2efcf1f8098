/** Starters in processes of their own, which print the server they ended on and then wait to be killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";

type Started = {
  child: ChildProcess;
  pid: number;
  adopted: boolean;
  host: string;
  port: number;
  user: string;
  database: string;
};

const program = fileURLToPath(new URL("../../support/start-embedded.ts", import.meta.url));

/** @throws when the starter ends without a server, with what it said */
export async function startElsewhere(
  directory: string,
  options: { uid?: number; gid?: number; env?: NodeJS.ProcessEnv; program?: string } = {},
): Promise<Started> {
  const { program: script = program, ...identity } = options;
  const child = spawn(process.execPath, [script, directory], { stdio: ["ignore", "pipe", "pipe"], ...identity });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const [line] = (await Promise.race([once(child.stdout, "data"), once(child, "close")])) as [Buffer | number | null];
  if (!Buffer.isBuffer(line)) throw new Error(errors);
  return { child, ...(JSON.parse(line.toString()) as Omit<Started, "child">) };
}

/** Kills it like a power button would, and returns when it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  if (child.kill("SIGKILL")) await ended;
}

export async function ask<Row extends object>(connection: pg.ClientConfig, text: string): Promise<Row[]> {
  const client = new pg.Client(connection);
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
