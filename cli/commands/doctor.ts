/** What can be wrong with the setup of this machine, each with its remedy. Reads and asks; changes nothing. */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, readFile, realpath, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { discoverOrchestrator, tokenFileIn } from "../../client/discover.ts";
import { exitCodes } from "../exit-codes.ts";
import { mark } from "../marks.ts";
import { program, type Session } from "../session.ts";
import { answer, commandLine } from "../terminal.ts";
import { columns } from "../text-width.ts";
import { isServiceInstalled } from "./service.ts";

const run = promisify(execFile);
const leastFreeBytes = 1024 ** 3;
const programTimeoutMs = 10_000;
/** Of what is only nice to have, or belongs to tasks of one kind. */
const optional = /^(executor|level|service|claude code|reboot|git)( |$)/;

type Check = { name: string; ok: boolean; detail: string; remedy?: string };

export async function doctor(session: Session, flags: { json?: boolean }): Promise<number> {
  const { home, token } = session.config;
  const found = await discoverOrchestrator(home, { token });
  const checks: Check[] = [
    { name: "node", ok: true, detail: `${process.version}, ${process.execPath}` },
    await homeCheck(home),
    ...(await diskCheck(home)),
    ...(await tokenCheck(home)),
    await programCheck("git", ["--version"], "checkpoints and worktrees need it: install git"),
    await claudeCheck(),
    await rebootCheck(session),
  ];
  checks.push({
    name: "orchestrator",
    ok: found.running,
    detail: found.running ? `${found.version} at ${found.url}, process ${found.pid}` : found.detail,
    ...(found.running ? {} : { remedy: await startRemedy(home) }),
  });
  if (found.running) {
    const client = await session.client();
    const [health, capabilities] = await Promise.all([client.health(), client.capabilities()]);
    for (const [name, dependency] of Object.entries(health.dependencies)) {
      const label = name === "database" ? name : `service ${name}`;
      checks.push({ name: label, ok: dependency.status !== "down", detail: dependency.detail ?? dependency.status });
    }
    const { isolation } = capabilities;
    checks.push({
      name: "isolation",
      ok: true,
      detail: `${isolation.level} (files ${isolation.files}, network ${isolation.network}, memory ${isolation.memory}, tree kill ${isolation.treeKill}): ${isolation.why}`,
    });
    for (const level of isolation.levels) {
      checks.push({
        name: `level ${level.level}`,
        ok: level.available,
        detail: level.why,
        ...(level.needs === undefined ? {} : { remedy: level.needs }),
      });
    }
    for (const executor of capabilities.executors)
      checks.push({ name: `executor ${executor.kind}`, ok: executor.available, detail: executor.detail });
  }
  answer(flags.json === true, { checks }, () =>
    columns(
      checks.map((check) => [
        mark(check.ok ? "completed" : "failed"),
        check.name,
        `${check.detail}${check.remedy === undefined ? "" : `  → ${check.remedy}`}`,
      ]),
    ),
  );
  return checks.every((check) => check.ok || optional.test(check.name)) ? exitCodes.ok : exitCodes.failed;
}

async function homeCheck(home: string): Promise<Check> {
  const isThere = await stat(home).then(
    (found) => found.isDirectory(),
    () => undefined,
  );
  if (isThere === undefined) return { name: "home", ok: true, detail: `${home}, made by the first start` };
  if (!isThere) return { name: "home", ok: false, detail: `${home} is no folder`, remedy: "move it away, or set LONGHAUL_HOME" };
  return access(home, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => ({ name: "home", ok: true, detail: home }),
    () => ({ name: "home", ok: false, detail: `${home} cannot be written to`, remedy: "make it yours, or set LONGHAUL_HOME" }),
  );
}

/** An embedded database that cannot write stops everything. */
async function diskCheck(home: string): Promise<Check[]> {
  const disk = await statfs(home).catch(() => undefined);
  if (disk === undefined) return [];
  const freeBytes = disk.bavail * disk.bsize;
  const detail = `${(freeBytes / 1024 ** 3).toFixed(1)} GB free where ${home} is`;
  if (freeBytes >= leastFreeBytes) return [{ name: "disk", ok: true, detail }];
  return [{ name: "disk", ok: false, detail, remedy: `make room, e.g. with ${commandLine("prune")}` }];
}

/** Whoever reads the token can do everything. */
async function tokenCheck(home: string): Promise<Check[]> {
  const path = tokenFileIn(home);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || process.platform === "win32") return [];
  const mode = found.mode & 0o777;
  if ((mode & 0o077) === 0) return [{ name: "token", ok: true, detail: `${path}, readable by its owner only` }];
  return [
    { name: "token", ok: false, detail: `${path} can be read by others (mode ${mode.toString(8)})`, remedy: `chmod 600 ${path}` },
  ];
}

async function programCheck(name: string, args: string[], remedy: string): Promise<Check> {
  try {
    const { stdout } = await run(name, args, { timeout: programTimeoutMs });
    return { name, ok: true, detail: stdout.trim().split("\n")[0] ?? "" };
  } catch {
    return { name, ok: false, detail: `'${name}' is not there or does not run`, remedy };
  }
}

/** Whether sessions can reach this installation, and not one that was moved or removed. */
async function claudeCheck(): Promise<Check> {
  const name = "claude code";
  const { ok, detail } = await programCheck("claude", ["--version"], "");
  if (!ok) return { name, ok, detail, remedy: "tasks in prose need Claude Code: https://code.claude.com" };
  const [plugins, servers] = await Promise.all(
    [
      ["plugin", "list"],
      ["mcp", "get", "longhaul"],
    ].map((args) =>
      run("claude", args, { timeout: programTimeoutMs }).then(
        ({ stdout }) => stdout,
        () => "",
      ),
    ),
  );
  if (plugins?.includes("longhaul@longhaul") === true) return { name, ok: true, detail: `${detail}, with the plugin` };
  const [, server] = /Args: (\S+)/.exec(servers ?? "") ?? [];
  if (server === undefined)
    return { name, ok: false, detail: `${detail} does not know Longhaul here`, remedy: commandLine("init") };
  const isThis = (await realpath(server).catch(() => undefined)) === (await realpath(program));
  if (isThis) return { name, ok: true, detail: `${detail}, with the MCP server` };
  return {
    name,
    ok: false,
    detail: `its MCP server is another program: ${server}`,
    remedy: `claude mcp remove longhaul, then ${commandLine("init")}`,
  };
}

async function rebootCheck(session: Session): Promise<Check> {
  if (await isServiceInstalled(session)) return { name: "reboot", ok: true, detail: "a service brings the orchestrator back" };
  const detail = "nothing brings the orchestrator back after a reboot but the next command or hand-off";
  return { name: "reboot", ok: false, detail, remedy: commandLine("service install") };
}

/** The last thing that a failed start said is the best hint at its cause. */
async function startRemedy(home: string): Promise<string> {
  const log = await readFile(join(home, "logs", "orchestrator.log"), "utf8").catch(() => "");
  const last = log
    .trimEnd()
    .split("\n")
    .slice(-20)
    .reverse()
    .map(messageOfError)
    .find((message) => message !== undefined);
  return last === undefined ? commandLine("up") : `${commandLine("up")}; last time it said: ${last}`;
}

function messageOfError(line: string): string | undefined {
  try {
    const { level, msg, err } = JSON.parse(line) as { level?: number | string; msg?: string; err?: { message?: string } };
    const isError = level === "error" || level === "fatal" || (typeof level === "number" && level >= 50);
    return isError ? (err?.message ?? msg) : undefined;
  } catch {
    return undefined;
  }
}
