/** The composition root: builds every part of one orchestrator node, starts them in order and takes them down in the opposite one. */
import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { advice } from "../learning/advice.ts";
import { createLearning } from "../learning/learning.ts";
import { createLearningQueries } from "../learning/queries.ts";
import { createNotifications } from "../notifications/notifications.ts";
import { formatNames } from "../plan/parse.ts";
import { createAgents } from "./agents/agents.ts";
import { accountRoutes } from "./api/accounts-routes.ts";
import { createApp } from "./api/app.ts";
import { approvalRoutes } from "./api/approval-routes.ts";
import { createAuth, createTokenFile } from "./api/auth.ts";
import { budgetRoutes } from "./api/budget-routes.ts";
import { currentCorrelationId } from "./api/correlation.ts";
import { handoffEachRoutes } from "./api/handoff-each-routes.ts";
import { historyRoutes } from "./api/history-routes.ts";
import { learningRoutes } from "./api/learning-routes.ts";
import { notificationRoutes } from "./api/notification-routes.ts";
import { planEditRoutes } from "./api/plan-edit-routes.ts";
import { retentionRoutes } from "./api/retention-routes.ts";
import { startServer } from "./api/server.ts";
import { verificationRoutes } from "./api/verification-routes.ts";
import { workspaceRoutes } from "./api/workspace-routes.ts";
import { createApprovalLinks } from "./approval-link.ts";
import { Approvals } from "./approvals.ts";
import { approvedStart } from "./approved-start.ts";
import { createAttemptRunner } from "./attempt.ts";
import { createBuildRoutes } from "./builds.ts";
import { createCommands } from "./commands.ts";
import type { Config } from "./config.ts";
import { createDashboard } from "./dashboard.ts";
import { openConfiguredDatabase } from "./database/configured.ts";
import { LonghaulError } from "./domain/errors.ts";
import { placeOf, placesOf } from "./domain/place.ts";
import { createExecutors } from "./executors/configured.ts";
import { createRedactor } from "./executors/redact.ts";
import { Followers } from "./followers.ts";
import { createForecaster } from "./forecaster.ts";
import { createGoverning } from "./governor/governing.ts";
import { createHandoffs } from "./handoff.ts";
import { describeCapabilities } from "./health/report.ts";
import { nodeId, publishAddress } from "./home-files.ts";
import { readInbox } from "./inbox.ts";
import { lockHome } from "./lock.ts";
import { createLog } from "./log.ts";
import { createObservation } from "./observation.ts";
import { personFirst } from "./person-first.ts";
import { createPlanEdits } from "./plan-edits.ts";
import { createQueries } from "./queries.ts";
import { questions } from "./questions-step.ts";
import { createRecorder } from "./recorder.ts";
import { createRefiner } from "./refiner.ts";
import { remember } from "./remember.ts";
import { createSchedules } from "./schedules.ts";
import { secretsOf } from "./secrets.ts";
import { createApprovalStore } from "./store/approvals.ts";
import { openDatabase } from "./store/db.ts";
import { createEngine } from "./store/engine.ts";
import { createExecutionStore } from "./store/executions.ts";
import { kindHistory } from "./store/history.ts";
import { createInboxStore } from "./store/inbox.ts";
import { migrate } from "./store/migrate.ts";
import { createNotificationStore } from "./store/notifications.ts";
import { createOpinionStore } from "./store/opinions.ts";
import { createOutsideStore } from "./store/outside.ts";
import { createPatternStore } from "./store/patterns.ts";
import { createPlanEditStore } from "./store/plan-edits.ts";
import { openTelemetry } from "./telemetry/telemetry.ts";
import { Trends } from "./trends.ts";
import { createUpkeep } from "./upkeep.ts";
import { createValue } from "./value.ts";
import { createVerifying } from "./verification/verifying.ts";
import { version } from "./version.ts";
import { Waits } from "./waits.ts";
import { Worker } from "./worker.ts";
import { createGit } from "./workspace/git.ts";
import { createWorkspaces } from "./workspace/workspaces.ts";

/** A busy server may take this long to answer, however short the lease. */
const shortestAnswerMs = 10_000;

/**
 * Runs one node until the signal aborts. Resolves when everything is down; running tasks are let go of and live on.
 * @throws LonghaulError conflict when another orchestrator runs on this home
 */
export async function runOrchestrator(config: Config, signal: AbortSignal): Promise<void> {
  const startedMs = Date.now();
  await mkdir(config.home, { recursive: true, mode: 0o711 });
  const unlock = await lockHome(config.home);
  if (unlock === undefined) {
    throw new LonghaulError("conflict", `An orchestrator is already running on ${config.home}.`, {
      hint: "longhaul status shows what it does.",
    });
  }
  const telemetry = await openTelemetry(config, await nodeId(config.home));
  const log = createLog(config.logLevel, currentCorrelationId, telemetry.logStream);
  const closing: (() => Promise<void> | void)[] = [unlock, () => telemetry.close()];
  try {
    const server = await openConfiguredDatabase(config, (line) => log.info({ from: "postgres" }, line));
    closing.push(() => server.stop());
    await migrate(server.connection);
    const database = openDatabase(server.connection, 8, Math.max(shortestAnswerMs, (config.leaseSeconds * 2000) / 3));
    closing.push(() => database.close());

    const engine = createEngine(database, await nodeId(config.home), config.leaseSeconds);
    await engine.register(version, placesOf(engine.node, config.sharedPaths));
    const executions = createExecutionStore(database);
    const followers = new Followers(database, executions);
    closing.push(() => followers.stop());
    const token = config.token ?? (await createTokenFile(join(config.home, "token")));
    const outside = createOutsideStore(database);
    const secrets = secretsOf(config, token);
    const onError = (error: unknown, doing: string) => log.failed(error, doing);
    const onEvents = (executionIds: readonly string[]) => executionIds.forEach((id) => followers.wake(id));
    const onChange = () => worker.wake();
    const agents = createAgents({ database, node: engine.node, config, secrets, onEvents, onChange, onError });
    const executors = await createExecutors(config, secrets, outside, agents.executor);

    const { rescue, retention } = createUpkeep({
      config,
      log,
      database,
      executions,
      engine,
      onError,
      onQueued: onChange,
      onAdopted: () => worker.adopt(),
      onLost: (count) => metrics.leasesLost(count),
    });
    const workspaces = createWorkspaces({
      home: config.home,
      path: config.environment["PATH"],
      database,
      executions,
      node: engine.node,
      shell: executors.shell,
      snapshotDays: config.snapshotDays,
      onChange: (executionId) => followers.wake(executionId),
      onError,
    });
    const git = createGit(config.environment["PATH"], config.home);
    const verifying = createVerifying({ config, database, engine, executions, executors, git, workspaces, onError });
    const approvalStore = createApprovalStore(database);
    const governing = createGoverning({
      config,
      database,
      executions,
      node: engine.node,
      billing: executors.billing,
      onChange: (executionId) => onEdited(executionId),
      onOpen: () => worker.wake(),
      onError,
    });
    const { governor } = governing;
    const patterns = createPatternStore(database);
    const { holdout, ...indexes } = config.learning;
    const { learner, recommend, indexName } = createLearning({
      ...indexes,
      store: patterns,
      redact: createRedactor(secrets).redact,
      onError,
      onLearned: (count) => log.debug({ patterns: count }, "learned"),
      now: Date.now,
    });
    const { metrics, health, tracing, artifacts } = createObservation({
      config,
      log,
      database,
      executions,
      accounts: governing.accounts,
      startedMs,
      node: engine.node,
      secrets,
      telemetry,
      runningAttempts: () => worker.runningCount,
      onChange: (executionId) => followers.wake(executionId),
      onError,
    });
    const runAttempt = createAttemptRunner({
      executors,
      recorder: createRecorder(engine, onEvents),
      executionContext: remember((executionId) => executions.context(executionId)),
      taskInputs: (executionId, ordinal) => executions.inputs(executionId, ordinal),
      steps: tracing.steps({
        govern: [...executors.first, ...governing.steps],
        "gate before": [verifying.before],
        approve: [...personFirst, approvedStart(approvalStore, workspaces.treeState)],
        advise: [advice({ recommend, store: patterns, holdout, onError })],
        workspace: workspaces.steps,
        agent: [agents.step],
        "gate after": [verifying.gates],
        verify: [verifying.verification],
        ask: [questions],
        watch: [health.monitor.step],
      }),
      directory: join(config.home, "executions"),
      isolation: executors.isolation.level,
      now: Date.now,
      random: Math.random,
    });
    const waits = new Waits({
      ...executors.looking,
      store: outside,
      node: engine.node,
      executionContext: executions.context,
      directory: join(config.home, "executions"),
      onChange: (id) => onEdited(id),
      onError,
      now: Date.now,
    });
    const worker: Worker = new Worker({
      engine,
      runAttempt,
      kinds: executors.kinds,
      concurrency: config.concurrency,
      perKind: config.perKind,
      admits: (kind, running) => (kind === "claude" ? governor.admits(running) : Number.POSITIVE_INFINITY),
      onError,
      onClaimed(claimed) {
        metrics.claimed(claimed);
        log.claimed(claimed);
        for (const { executionId } of claimed) followers.wake(executionId);
      },
      onEnded(reports) {
        metrics.ended(reports);
        log.ended(reports);
        approvals.wake();
        if (reports.some(({ ending }) => ending.outcome === "hold")) waits.wake();
        learner.wake(
          new Set(
            reports.filter(({ claimed }) => (claimed.task.kind as string) !== "noop").map(({ ending }) => ending.executionId),
          ),
        );
        artifacts.wake();
        tracing.look(new Set(reports.map(({ ending }) => ending.executionId)));
        for (const { ending, result } of reports) {
          followers.wake(ending.executionId);
          if (result.status === "retrying") rescue.expect(Date.now() + (ending.detail.delayMs ?? 0));
        }
      },
    });

    let url = "";
    const limits = { maxBytes: config.maxPlanBytes, maxTasks: config.maxTasks };
    const onEdited = (executionId: string) => {
      worker.wake();
      approvals.wake();
      void worker.checkLease(); // finds out at once what must be killed
      followers.wake(executionId);
      tracing.look([executionId]);
    };
    const refine = createRefiner({
      model: config.planModel,
      cache: createOpinionStore(database),
      redact: createRedactor(secrets).redact,
    });
    const history = () => kindHistory(database);
    const forecast = createForecaster({ history, concurrency: config.concurrency, now: Date.now });
    const { handoff, ...handoffs } = createHandoffs({
      engine,
      executions,
      kinds: executors.abilities,
      limits,
      refine,
      forecast,
      workspaces: join(config.home, "workspaces"),
      isolation: executors.isolation.level,
      placeOf: (workspace) => placeOf(resolve(workspace), engine.node, config.sharedPaths),
      url: () => url,
      onChange: onEdited,
    });
    const tracedHandoff: typeof handoff = (request) => tracing.submitted(() => handoff(request), currentCorrelationId());
    const links = createApprovalLinks(await createTokenFile(join(config.home, "link-secret")));
    const approvals = new Approvals({
      store: approvalStore,
      links,
      treeState: workspaces.treeState,
      url: () => url,
      seconds: config.approvalHours * 3600,
      onChange: onEdited,
      onError,
      now: Date.now,
    });
    const notifications = createNotifications({
      config: config.notifications,
      home: config.home,
      store: createNotificationStore(database, engine.node),
      webhookSecret: await createTokenFile(join(config.home, "webhook-secret")),
      linkOf: async (id) => (await approvals.approval(id)).link,
      onError,
    });
    const commands = { ...createCommands({ engine, executions, approvals, onChange: onEdited }), handoff: tracedHandoff };
    const learningQueries = createLearningQueries({ recommend, patterns, executions, indexName, holdout });
    const queries = createQueries({
      executions,
      limits,
      refine,
      similarTo: (tasks) =>
        learningQueries.similarTo(tasks).catch((error: unknown) => {
          onError(error, "looking for similar tasks");
          return [];
        }),
      forecast,
      inbox: () => readInbox(createInboxStore(database)),
      health: health.checks(notifications),
      capabilities: () =>
        describeCapabilities(
          { config, executors, channels: notifications.channels, planFormats: formatNames(), embedded: server.embedded },
          executions,
        ),
      metrics: () => metrics.render(),
      suspension: governing.suspension,
      follow: (executionId, wake) => followers.follow(executionId, wake),
      now: Date.now,
    });

    // A plan travels as a JSON string, which escapes it: twice its size is room enough.
    const door = { allowedHosts: config.allowedHosts, maxBodyBytes: Math.max(4 * 1024 * 1024, 2 * config.maxPlanBytes) };
    const planEdits = createPlanEdits({
      store: createPlanEditStore(database),
      kinds: executors.abilities,
      limits,
      refine,
      onChange: onEdited,
    });
    const schedules = createSchedules({ database, node: engine.node, sharedPaths: config.sharedPaths, handoffs, onError });
    const trends = new Trends({ database, executions, onError });
    const features = [
      agents.feature,
      retentionRoutes((how) => retention.runOnce(how)),
      budgetRoutes(governing.budgetCommands),
      accountRoutes(governing.accountCommands),
      approvalRoutes({ approvals, links, now: Date.now }),
      notificationRoutes(notifications),
      handoffEachRoutes(handoffs.handoffEach),
      historyRoutes(history),
      createValue(database, executions),
      trends.routes,
      schedules.feature,
      createBuildRoutes({ database, commands, queries, approvals, url: () => url }),
      planEditRoutes(planEdits),
      workspaceRoutes(workspaces.rollbacks),
      verificationRoutes(verifying.queries),
      learningRoutes(learningQueries),
      health.routes,
      artifacts.feature,
    ];
    const { sessions, ...dashboard } = createDashboard({ database, followers, url: () => url });
    features.push(...dashboard.features);
    const auth = createAuth(token, agents.auth);
    const app = createApp({ commands, queries, features, auth, sessions, log, version, config: door });
    const http = await startServer({ app, host: "127.0.0.1", port: config.port, portIsExplicit: config.portIsExplicit, log });
    closing.push(() => http.close());
    url = http.url;

    const unlisten = [
      database.listen("longhaul_ready", () => worker.wake()),
      database.listen("longhaul_account", () => governor.wake()),
      database.listen("longhaul_notify", () => notifications.notifier.wake()),
      database.listen("longhaul_stop", () => void worker.checkLease()),
    ];
    await workspaces.rollbacks.recover(); // before tasks are claimed
    for (const loop of [workspaces.cleaning, retention, health.monitor, schedules, artifacts]) {
      loop.start();
      closing.push(() => loop.stop());
    }
    await governor.start();
    for (const loop of [worker, rescue, waits, learner, approvals]) loop.start();
    await notifications.notifier.start();
    agents.start();
    closing.push(async () => {
      for (const end of unlisten) end();
      await rescue.stop();
      await waits.stop();
      await worker.stop();
      await tracing.settle();
      await governor.stop();
      await learner.stop();
      await approvals.stop();
      await notifications.notifier.stop();
      await agents.stop();
    });
    await publishAddress(config.home, {
      url,
      pid: process.pid,
      startedAt: new Date(startedMs).toISOString(),
      version,
      nodeId: engine.node,
    });
    closing.push(() => rm(join(config.home, "orchestrator.json"), { force: true }));
    log.info({ url, home: config.home, startMs: Date.now() - startedMs, isolation: executors.isolation }, "orchestrator ready");

    if (!signal.aborted) await once(signal, "abort");
    log.info("orchestrator stops; running tasks go on under their supervisors");
  } finally {
    for (const close of closing.reverse()) await close();
  }
}
