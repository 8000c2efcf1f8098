/** The engines of a run, in the order of the table. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startCommand } from "../cli/session.ts";

/** By the name that `--only` takes. */
export const modules: Readonly<Record<string, string>> = {
  longhaul: moduleAt("longhaul.ts"),
  "set-sql": moduleAt("peers/set-sql.ts"),
  restate: moduleAt("peers/restate.ts"),
  "restate-steps": moduleAt("peers/restate-steps.ts"),
  dbos: moduleAt("peers/dbos.ts"),
  "dbos-steps": moduleAt("peers/dbos-steps.ts"),
  absurd: moduleAt("peers/absurd.ts"),
  "absurd-steps": moduleAt("peers/absurd-steps.ts"),
  bullmq: moduleAt("peers/bullmq.ts"),
  "pg-boss-flow": moduleAt("peers/pg-boss-flow.ts"),
  "pg-boss": moduleAt("peers/pg-boss.ts"),
  "graphile-worker": moduleAt("peers/graphile-worker.ts"),
  "graphile-worker-default": moduleAt("peers/graphile-worker-default.ts"),
};

/** What Node is told where it runs Longhaul: the same as when `longhaul up` starts it. */
export const productArguments = startCommand.filter((argument) => argument.startsWith("--max-"));

/** Why the engine cannot be loaded, if so. */
export function absence(module: string): string | undefined {
  return existsSync(module) ? undefined : `${module} does not exist`;
}

function moduleAt(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
