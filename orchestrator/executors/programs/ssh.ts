/** Commands on another machine through the system's ssh: no prompt, and only to a host whose key is known beforehand. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Ran, runCommand } from "./run-command.ts";

export type SshTarget = {
  host: string;
  port: number;
  user: string | undefined;
  hostKey: string | undefined;
  privateKey: string | undefined;
};
export type Ssh = {
  /** @param from a command of this machine whose output the remote script reads */
  run(script: string, how?: { from?: readonly [string, ...string[]]; quiet?: boolean }): Promise<Ran>;
  close(): Promise<void>;
};

const agentMs = 10_000;
const connectMs = 30_000;

/** ssh could not connect; the message is what it said. */
export class Unreachable extends Error {}

/**
 * Connects once; every command goes over that connection. A private key never touches the disk: an agent of our own holds it until `close`.
 * @throws Unreachable
 */
export async function openSsh(target: SshTarget, folder: string, say: (line: string) => void): Promise<Ssh> {
  const scratch = await mkdtemp(join(tmpdir(), "longhaul-ssh-")); // short: the path of a socket has to be
  const { host, port, user, hostKey, privateKey } = target;
  const known = join(scratch, "known_hosts");
  const name = port === 22 ? host : `[${host}]:${port}`;
  if (hostKey !== undefined) await writeFile(known, `${name} ${hostKey}\n`);
  const options = ["BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=20", "ServerAliveInterval=15", "LogLevel=ERROR"];
  if (hostKey !== undefined) options.push(`UserKnownHostsFile=${known}`, "GlobalKnownHostsFile=/dev/null");
  if (privateKey !== undefined) options.push("PreferredAuthentications=publickey");
  options.push(`ControlPath=${join(scratch, "control")}`);
  const argv = [
    "ssh",
    ...options.flatMap((option) => ["-o", option]),
    "-p",
    String(port),
    ...(user === undefined ? [] : ["-l", user]),
  ];
  const agent = privateKey === undefined ? undefined : await startAgent(scratch, privateKey);
  const environment = agent === undefined ? {} : { SSH_AUTH_SOCK: agent.socket };
  const close = async () => {
    agent?.end();
    await rm(scratch, { recursive: true, force: true });
  };
  const connection = await connect([...argv.slice(1), "-M", "-N", "--", host], environment, join(scratch, "control")).catch(
    async (error: unknown) => {
      await close();
      throw error;
    },
  );
  return {
    async run(script, { from, quiet = false } = {}) {
      // The remote user's shell reads it as one word for sh, so that it does not matter which shell that is.
      const command: [string, ...string[]] = [...(argv as [string, ...string[]]), "--", host, `sh -c ${quoted(script)}`];
      const how = { cwd: folder, environment, ...(quiet ? {} : { say }) };
      return from === undefined ? runCommand(command, how) : pipeCommands(from, command, how);
    },
    async close() {
      connection.kill();
      await close();
    },
  };
}

/** Resolves when commands can go over it. */
async function connect(args: readonly string[], environment: Record<string, string>, control: string): Promise<ChildProcess> {
  const connection = spawn("ssh", args, { env: { ...process.env, ...environment }, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  let ended = false;
  connection.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  connection.once("error", (error) => {
    said = error.message;
    ended = true;
  });
  connection.once("close", () => {
    ended = true;
  });
  const deadline = performance.now() + connectMs;
  while (!existsSync(control)) {
    if (!ended && performance.now() > deadline) {
      connection.kill();
      said ||= `no connection within ${connectMs / 1000} s`;
      ended = true;
    }
    if (ended) throw new Unreachable(said.trim());
    await delay(20);
  }
  return connection;
}

/** A text as one word of a POSIX shell. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

async function startAgent(scratch: string, privateKey: string): Promise<{ socket: string; end(): void }> {
  const socket = join(scratch, "agent");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  agent.once("error", () => undefined); // the socket does not come, which says it
  const deadline = performance.now() + agentMs;
  while (!existsSync(socket)) {
    if (performance.now() > deadline) throw new Error("ssh-agent does not start; install the OpenSSH client");
    await delay(20);
  }
  const input = `${privateKey.replaceAll("\\n", "\n").trim()}\n`; // an .env file has it on one line
  const added = await runCommand(["ssh-add", "-q", "-"], { cwd: scratch, environment: { SSH_AUTH_SOCK: socket }, input });
  if (added.exitCode !== 0) {
    agent.kill();
    throw new Error(`params.key is not a private key that ssh can use: ${added.stderr.trim().slice(0, 200)}`);
  }
  return { socket, end: () => void agent.kill() };
}

/** `from | to`, of which either may fail. */
async function pipeCommands(
  from: readonly [string, ...string[]],
  to: readonly [string, ...string[]],
  { cwd, environment, say }: { cwd: string; environment: Record<string, string>; say?(line: string): void },
): Promise<Ran> {
  const [file, ...args] = from;
  const source = spawn(file, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let complaint = "";
  source.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
  const ended = new Promise<number>((resolve) => {
    source.once("error", (error) => {
      complaint = error.message;
      resolve(127);
    });
    source.once("close", (code) => resolve(code ?? 1));
  });
  const [ran, code] = await Promise.all([
    runCommand(to, { cwd, environment, input: source.stdout, ...(say === undefined ? {} : { say }) }),
    ended,
  ]);
  return code === 0 || ran.exitCode !== 0 ? ran : { ...ran, exitCode: code, stderr: complaint };
}
