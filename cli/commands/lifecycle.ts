/** The orchestrator process: up and down. */
import { setTimeout as delay } from "node:timers/promises";
import { discoverOrchestrator } from "../../client/discover.ts";
import { exitCodes } from "../exit-codes.ts";
import { CommandFailure } from "../failure.ts";
import { mark } from "../marks.ts";
import type { Session } from "../session.ts";
import { answer, notice } from "../terminal.ts";

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
