/** Puts the dashboard together: its files, built when that was not done yet, its sessions, and what it alone asks for. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { changesRoutes } from "./api/changes-routes.ts";
import { createDashboardFiles } from "./api/dashboard-files.ts";
import { dashboardRoutes } from "./api/dashboard-routes.ts";
import type { Feature } from "./api/door-env.ts";
import { taskRoutes } from "./api/task-routes.ts";
import { createDashboardSessions, type DashboardSessions } from "./dashboard-sessions.ts";
import { LonghaulError } from "./domain/errors.ts";
import type { Followers } from "./followers.ts";
import { createDashboardSessionStore } from "./store/dashboard-sessions.ts";
import type { Database } from "./store/db.ts";
import { createTaskPageStore } from "./store/task-page.ts";

const source = fileURLToPath(new URL("../dashboard/", import.meta.url));

type DashboardOptions = { database: Database; followers: Followers; url(): string };

export function createDashboard({ database, followers, url }: DashboardOptions): {
  sessions: DashboardSessions;
  features: Feature[];
} {
  const sessions = createDashboardSessions(createDashboardSessionStore(database));
  const files = createDashboardFiles(`${source}dist`, build);
  return {
    sessions,
    features: [
      dashboardRoutes({ sessions, files, url }),
      taskRoutes(createTaskPageStore(database).page),
      changesRoutes((changed) => followers.followAll(changed)),
    ],
  };
}

/** Comes back at once when what is there is up to date. In a process of its own, because a builder needs memory that nobody else does. */
async function build(): Promise<void> {
  await promisify(execFile)(process.execPath, [`${source}build.mjs`]).catch((cause: unknown) => {
    throw new LonghaulError("unavailable", "The dashboard could not be built.", {
      hint: "Run 'node bin/setup.mjs' in Longhaul's folder; it says what is wrong.",
      cause,
    });
  });
}
