/** The orchestrator process: up, down, and what doctor finds out about this machine. */
import { setTimeout as delay } from "node:timers/promises";
import { discoverOrchestrator } from "../../client/discover.ts";
import { exitCodes } from "../exit-codes.ts";
import { CommandFailure } from "../failure.ts";
import { mark } from "../marks.ts";
import type { Session } from "../session.ts";
import { answer, commandLine, notice } from "../terminal.ts";
import { columns } from "../text-width.ts";

const stopDeadlineMs = 60_000;

export async function up(session: Session, flags: { foreground?: boolean; json?: boolean }): Promise<number> {
  if (flags.foreground === true) return serve(session);
  const client = await session.ensuredClient();
  const health = await client.health();
  const found = await discoverOrchestrator(session.config.home, { token: session.config.token });
  answer(flags.json === true, { ...health, url: found.running ? found.url : null }, () => [
    `${mark("running")} orchestrator ${health.version} at ${found.running ? found.url : "?"} (home ${session.config.home})`,
  ]);
  return exitCodes.ok;
}

async function serve(session: Session): Promise<number> {
  const { runOrchestrator } = await import("../../orchestrator/main.ts");
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => controller.abort());
  try {
    await runOrchestrator(session.config, controller.signal);
  } catch (error) {
    // Several starters at once are normal: all but one find the lock taken, and that is no failure of theirs.
    if ((error as { code?: string }).code !== "conflict") throw error;
    notice(error instanceof Error ? error.message : String(error));
  }
  return exitCodes.ok;
}

export async function down(session: Session, flags: { json?: boolean }): Promise<number> {
  const found = await discoverOrchestrator(session.config.home, { token: session.config.token });
  if (!found.running) {
    answer(flags.json === true, { stopped: false }, () => [`No orchestrator runs. ${found.detail}`]);
    return exitCodes.ok;
  }
  process.kill(found.pid, "SIGTERM");
  for (const deadline = Date.now() + stopDeadlineMs; isAlive(found.pid); await delay(50)) {
    if (Date.now() > deadline)
      throw new CommandFailure(
        `Process ${found.pid} has not ended after ${stopDeadlineMs / 1000} s.`,
        exitCodes.failed,
        `Its log: ${session.config.home}/logs/orchestrator.log`,
      );
  }
  answer(flags.json === true, { stopped: true }, () => [
    "Stopped. Running tasks go on under their supervisors; the next 'longhaul up' takes them over.",
  ]);
  return exitCodes.ok;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

type Check = { name: string; ok: boolean; detail: string; remedy?: string };

export async function doctor(session: Session, flags: { json?: boolean }): Promise<number> {
  const checks: Check[] = [
    { name: "node", ok: true, detail: `${process.version}, ${process.execPath}` },
    { name: "home", ok: true, detail: session.config.home },
  ];
  const found = await discoverOrchestrator(session.config.home, { token: session.config.token });
  checks.push({
    name: "orchestrator",
    ok: found.running,
    detail: found.running ? `${found.version} at ${found.url}, process ${found.pid}` : found.detail,
    ...(found.running ? {} : { remedy: commandLine("up") }),
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
  return checks.every((check) => check.ok || /^(executor|level|service) /.test(check.name)) ? exitCodes.ok : exitCodes.failed;
}
