/** The programs as one node would offer them, with nothing shared and this machine allowed. */

import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Executor } from "../../../../orchestrator/executors/executor.ts";
import { findContainment } from "../../../../orchestrator/executors/isolation.ts";
import { createProgramExecutor, type ProgramKind, type ProgramOptions } from "../../../../orchestrator/executors/program.ts";
import type { CheckedKind } from "../../../../plan/task-params.ts";

const containment = await findContainment();

export function programWith<Kind extends CheckedKind>(
  kind: Omit<ProgramKind<Kind>, "addresses"> & Partial<ProgramKind<Kind>>,
  options: Partial<ProgramOptions> = {},
): Executor {
  return createProgramExecutor<Kind>(
    { addresses: () => [], ...kind },
    {
      containment,
      environment: { PATH: process.env["PATH"], HOME: "/nowhere" },
      secrets: [],
      compileCache: join(tmpdir(), "longhaul-test-compile-cache"),
      taskSecrets: {},
      ownHosts: ["127.0.0.1"],
      outside: undefined,
      requestsPerMinute: 60,
      now: Date.now,
      ...options,
    },
  );
}
