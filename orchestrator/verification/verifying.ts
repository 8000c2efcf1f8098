/** Gates and checks of one node, put together: what surrounds attempts, and the questions about evidence. */
import { join } from "node:path";
import type { AttemptStep } from "../attempt-step.ts";
import type { Config } from "../config.ts";
import type { Executor } from "../executors/executor.ts";
import type { Database } from "../store/db.ts";
import type { Engine } from "../store/engine.ts";
import type { ExecutionStore } from "../store/executions.ts";
import { createVerificationStore } from "../store/verification.ts";
import type { FindBaseline } from "../workspace/baseline.ts";
import type { Git } from "../workspace/git.ts";
import { verification } from "./evidence.ts";
import { gatesAfter, gatesBefore } from "./gate-step.ts";
import { createVerificationQueries } from "./queries.ts";

export type VerifyingOptions = {
  config: Pick<Config, "home" | "verification">;
  database: Database;
  engine: Engine;
  executions: ExecutionStore;
  executors: { shell: Executor; get(kind: string): Executor | undefined };
  git: Git;
  workspaces: { baseline: FindBaseline };
  onError(error: unknown, doing: string): void;
};

export function createVerifying(options: VerifyingOptions) {
  const { config, database, engine, executions, git, onError } = options;
  const { shell } = options.executors;
  const { baseline } = options.workspaces;
  const store = createVerificationStore(database);
  const checking = { shell, git, store, now: Date.now };
  /** Before the workspace is prepared. */
  const before: AttemptStep = gatesBefore(checking);
  /** In the prepared workspace, next to the executor. */
  const gates: AttemptStep = gatesAfter(checking);
  const queries = createVerificationQueries({ shell, git, store, executions, directory: join(config.home, "replays") });
  return {
    before,
    gates,
    verification: verification({
      ...checking,
      engine,
      executors: options.executors,
      baseline,
      policy: config.verification,
      onError,
    }),
    queries,
  };
}
