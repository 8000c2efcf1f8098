/** Whether everything that the orchestrator needs is there, and what of the running tasks is out of bounds. */
import { alertsOf } from "../../client/health.ts";
import { exitCodes } from "../exit-codes.ts";
import { mark } from "../marks.ts";
import type { Session } from "../session.ts";
import { answer } from "../terminal.ts";
import { columns } from "../text-width.ts";

const marks = { up: "completed", off: "skipped", unknown: "pending", degraded: "paused", down: "failed" } as const;

export async function health(session: Session, flags: { json?: boolean }): Promise<number> {
  const client = await session.client();
  const state = await client.health();
  const { alerts } = state.ready ? await alertsOf(client) : { alerts: [] };
  answer(flags.json === true, { ...state, alerts }, () => [
    ...columns(
      Object.entries(state.dependencies).map(([name, { status, detail }]) => [mark(marks[status]), name, status, detail ?? ""]),
    ),
    ...alerts.map(
      ({ level, executionId, taskId, message }) =>
        `${mark(level === "critical" ? "failed" : "paused")} ${executionId}${taskId === null ? "" : `  ${taskId}`}  ${message}`,
    ),
  ]);
  return state.ready ? exitCodes.ok : exitCodes.failed;
}
