/** Puts the parts of remote agents together as one orchestrator needs them. */
import { join } from "node:path";
import { agentRoutes } from "../api/agent-routes.ts";
import { agentWorkRoutes } from "../api/agent-work-routes.ts";
import type { AgentAuth } from "../api/auth.ts";
import type { Feature } from "../api/door-env.ts";
import { attemptDirectory } from "../attempt.ts";
import type { AttemptStep } from "../attempt-step.ts";
import type { Config } from "../config.ts";
import { type AgentPrincipal, principalText } from "../domain/principal.ts";
import { createAgentExecutor } from "../executors/agent.ts";
import type { Executor } from "../executors/executor.ts";
import { createRedactor } from "../executors/redact.ts";
import { createAgentWorkStore, type SignOfLife } from "../store/agent-work.ts";
import { createAgentStore } from "../store/agents.ts";
import { createAuditStore } from "../store/audit.ts";
import type { Database } from "../store/db.ts";
import { withArtifacts } from "./artifacts-step.ts";
import { Audit } from "./audit.ts";
import { createBatch } from "./batch.ts";
import { createAgentDirectory } from "./directory.ts";
import { Dispatcher } from "./dispatcher.ts";
import { LifeSigns } from "./life-signs.ts";
import { createRegistry } from "./registry.ts";
import { createReports } from "./reports.ts";

const longestAction = 300;
const longestHeartbeatSeconds = 60;

export type AgentsOptions = {
  database: Database;
  node: string;
  config: Pick<Config, "home" | "agentSilentSeconds">;
  /** Values that nothing recorded may show. */
  secrets: readonly string[];
  /** Readers of these executions have something new to read. */
  onEvents(executionIds: readonly string[]): void;
  /** The worker may have something to do. */
  onChange(): void;
  onError(error: unknown, doing: string): void;
};

export type Agents = {
  auth: AgentAuth;
  executor: Executor;
  step: AttemptStep;
  feature: Feature;
  start(): void;
  /** Sends waiting agents away; what they work on goes on. */
  stop(): Promise<void>;
};

export function createAgents(options: AgentsOptions): Agents {
  const { database, node, config, secrets, onEvents, onChange, onError } = options;
  const silentSeconds = config.agentSilentSeconds;
  const store = createAgentStore(database);
  const work = createAgentWorkStore(database, node, silentSeconds);
  const entries = createAuditStore(database);
  const directory = createAgentDirectory(store, Date.now);
  const audit = new Audit(entries, onError);
  const dispatcher = new Dispatcher({ store: work, onAssigned: onEvents, onError, now: Date.now });
  const heartbeatSeconds = Math.min(longestHeartbeatSeconds, silentSeconds / 3);
  const life = new LifeSigns({
    store: work,
    silentSeconds,
    waiting: () => dispatcher.waiting(),
    now: Date.now,
    onError,
    onSilent(executionIds) {
      onEvents(executionIds);
      dispatcher.ended();
    },
  });
  const registry = createRegistry({
    store,
    work,
    audit,
    entries,
    onChange() {
      directory.forget();
      dispatcher.look();
      onChange();
    },
  });
  const refused = (principal: AgentPrincipal, action: string, status: number, reason: string) =>
    audit.refused({ principal: principalText(principal), action: action.slice(0, longestAction), status, reason });
  const report = createReports({
    redact: createRedactor(secrets).redact,
    directoryOf: (...key) => attemptDirectory(join(config.home, "executions"), ...key),
    store: work,
    dispatcher,
    onRecorded: onEvents,
    onRefused: (agent, executionId, status, reason) =>
      refused(agent, `POST /api/executions/${executionId}/events`, status, reason),
  });
  const hear = createBatch((signs: SignOfLife[]) => work.hear(signs));
  const feature: Feature = (app) => {
    agentRoutes(registry)(app);
    agentWorkRoutes({
      poll(agent, waitSeconds, gone) {
        life.seen(agent.id);
        return dispatcher.poll(agent, waitSeconds * 1000, gone);
      },
      report(agent, executionId, given) {
        life.seen(agent.id);
        return report(agent, executionId, given);
      },
      async heartbeat(agent, { work: listed }) {
        const halt = await hear({ agentId: agent.id, work: listed });
        if (listed === undefined) dispatcher.heard(agent.id);
        else for (const one of listed) dispatcher.heard(agent.id, one);
        return { halt, heartbeatSeconds };
      },
      async reassign({ executionId, taskId }) {
        await work.reassign(executionId, taskId);
        dispatcher.ended();
        dispatcher.look();
        onEvents([executionId]);
        onChange();
      },
    })(app);
  };

  function listen(payload: string | undefined): void {
    const [what = "", key] = (payload ?? "").split(" ");
    if (payload === undefined || what === "changed") directory.forget();
    if (payload === undefined || what === "ended" || what === "withdrawn") dispatcher.ended(key);
    if (payload === undefined || what === "offered" || what === "withdrawn") dispatcher.look();
  }

  let unlisten: (() => void) | undefined;
  return {
    auth: {
      principalOf: (token) => directory.principalOf(token),
      onRefused: (principal, action, { status, reason }) =>
        audit.refused({ principal: principalText(principal), action: action.slice(0, longestAction), status, reason }),
    },
    executor: createAgentExecutor({ dispatcher, heartbeatSeconds, now: Date.now }),
    step: withArtifacts,
    feature,
    start() {
      audit.start();
      life.start();
      dispatcher.start();
      unlisten = database.listen("longhaul_agents", listen);
    },
    async stop() {
      unlisten?.();
      await dispatcher.stop();
      await life.stop();
      await audit.stop();
    },
  };
}
