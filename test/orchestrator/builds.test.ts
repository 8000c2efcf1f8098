/**
 * From one sentence to a running service: the real Claude Code against a scripted model, a real repository, a real sshd, a service that is
 * really started there, and a registry.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readlink, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { approvals } from "../../client/approvals.ts";
import { buildStatus, retryBuild, startBuild } from "../../client/builds.ts";
import type { Client } from "../../client/client.ts";
import type { Approval } from "../../orchestrator/api/approval-contract.ts";
import { claudeBinary } from "../support/claude-code.ts";
import { longhaul } from "../support/command.ts";
import { claudeEnvironment, conversationText, hasToolResult, startMessagesApi } from "../support/messages-api.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { type SshServer, sshd, startSshServer } from "../support/ssh-server.ts";

const binary = claudeBinary();
const possible = (binary !== undefined && sshd !== undefined) || process.env["CI"] !== undefined;

const spec = `# Greeter
## Interface
GET /greet
## Data
None.
## Errors
JSON with error.
## Checks
- \`GET /greet\` answers 200 and Hallo
- \`GET /health\` answers 200
- \`GET /nothing\` answers 404
`;
/** `ill` is a release that is well here, but not where it is deployed. */
const server = (greeting: string, ill: boolean) => `const { createServer } = require("node:http");
exports.greet = () => "${greeting}";
const ill = ${ill} && process.cwd().includes("/releases/");
const answer = { "/health": [ill ? 503 : 200, { status: ill ? "ill" : "ok" }], "/capabilities": [200, { greets: true }], "/greet": [200, { says: exports.greet() }] };
if (require.main === module) createServer((request, response) => {
  const [status, body] = answer[request.url] ?? [404, { error: "there is no " + request.url }];
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}).listen(Number(process.env.PORT), "127.0.0.1");
`;
const test = `const test = require("node:test"); const assert = require("node:assert");
test("greets in German", () => assert.equal(require("./server.js").greet(), "Hallo"));
`;
const put = (file: string, text: string) =>
  `mkdir -p "$(dirname ${file})" && cat > ${file} <<'END_OF_FILE'\n${text}\nEND_OF_FILE`;

describe.runIf(possible)("a build", () => {
  let api: Awaited<ReturnType<typeof startMessagesApi>>;
  let ssh: SshServer;
  const registry = {
    seen: [] as { method: string | undefined; body: string }[],
    server: createServer((request, response) => {
      void readText(request).then((body) => {
        registry.seen.push({ method: request.method, body });
        response.writeHead(201).end();
      });
    }),
    url: () => `http://127.0.0.1:${(registry.server.address() as AddressInfo).port}/services`,
  };
  let orchestrator: TestOrchestrator;
  let running: Awaited<ReturnType<TestOrchestrator["start"]>>;
  let client: Client;
  let drop: () => Promise<void>;
  let workspace: string;
  let ill = false;
  const appPort = 20_000 + ((process.pid * 7) % 20_000);

  /** What the model does at each task, in one command. */
  function workFor(text: string): string {
    const is = (task: string) => text.includes(`# Task ${task}:`);
    if (is("intent")) {
      return text.includes("The person answers your questions: In German.")
        ? put("WORK/intent.md", "A greeter that greets in German.")
        : put("WORK/questions.md", "1. In which language does it greet?");
    }
    if (is("spec")) {
      return put("WORK/spec.md", text.includes("## The checks fail") ? spec : `${spec}\nAll of it is user-friendly, TBD.`);
    }
    if (is("package-files")) {
      const manifest = JSON.stringify({ name: "greeter", scripts: { test: "node --test", start: "node server.js" } });
      return [
        put("package.json", manifest),
        put("README.md", "Greets."),
        put("LICENSE", "MIT"),
        put(".gitignore", "node_modules"),
        put("server.test.js", test),
      ].join("\n");
    }
    if (is("build")) return put("server.js", server(text.includes("## The checks fail") ? "Hallo" : "Hello", ill));
    return put("WORK/report.md", "It greets.");
  }

  beforeAll(async () => {
    api = await startMessagesApi((body) => {
      if (hasToolResult(body)) return [{ type: "text", text: "Done." }];
      const text = conversationText(body);
      const command = workFor(text.slice(text.lastIndexOf("# Task "))); // a session that goes on has several
      return [{ type: "tool_use", name: "Bash", input: { command, description: "Work" } }];
    });
    ssh = await startSshServer();
    registry.server.listen(0, "127.0.0.1");
    await once(registry.server, "listening");
    const database = await createTestDatabase();
    drop = database.drop;
    orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
    const { PATH: _path, ...environment } = claudeEnvironment(api.url, orchestrator.home);
    running = await orchestrator.start({
      ...environment,
      LONGHAUL_CLAUDE: binary ?? "",
      LONGHAUL_SECRET_DEPLOY: ssh.privateKey.replaceAll("\n", "\\n"),
      LONGHAUL_TASK_HOSTS: [`127.0.0.1:${ssh.port}`, `127.0.0.1:${appPort}`, new URL(registry.url()).host].join(","),
    });
    client = running.client;
    workspace = await mkdtemp("/tmp/longhaul-build-");
  });
  afterAll(async () => {
    const pid = Number(await readFile(join(ssh.folder, "greeter/pid"), "utf8").catch(() => ""));
    if (pid > 0) process.kill(pid);
    registry.server.close();
    await orchestrator.remove();
    await api.close();
    await ssh.close();
    await drop();
    await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
  });

  let executionId: string;
  let well: string;

  async function pendingApproval(): Promise<Approval> {
    let found: Approval | undefined;
    await expect
      .poll(async () => (found = (await approvals(client, executionId)).approvals.find(({ status }) => status === "pending")), {
        timeout: 200_000,
        interval: 200,
      })
      .toBeDefined();
    return found as unknown as Approval;
  }
  const post = (path: string, body: object) =>
    fetch(new URL(path, running.url), {
      method: "POST",
      headers: { authorization: `Bearer ${running.token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const approve = ({ digest }: Approval) => post(`/executor/builds/${executionId}/approve`, { digest });
  const greeting = async () => (await (await fetch(`http://127.0.0.1:${appPort}/greet`)).json()) as { says: string };

  it("asks what is open, is approved after its spec, corrects itself until the tests pass, deploys and registers", async () => {
    const stop = 'if [ -f ../../pid ]; then kill "$(cat ../../pid)" 2>/dev/null || true; fi; ';
    const started = await startBuild(client, {
      intent: "A service that greets",
      name: "greeter",
      workspace,
      deploy: {
        host: ssh.host,
        port: ssh.port,
        user: ssh.user,
        host_key: ssh.hostKey,
        key: "DEPLOY",
        folder: join(ssh.folder, "greeter"),
        start: `${stop}PORT=${appPort} nohup node server.js >../../log 2>&1 </dev/null & echo $! > ../../pid`,
        health_url: `http://127.0.0.1:${appPort}/health`,
        health_seconds: 5,
      },
      registry_url: registry.url(),
    });
    executionId = started.build_id;
    const socket = new WebSocket(started.stream_url.replace("http", "ws"), {
      headers: { authorization: `Bearer ${running.token}` },
    });
    let streamed = 0;
    socket.on("message", () => (streamed += 1));

    for await (const event of client.stream(executionId)) if (event.type === "task.awaiting_human") break;
    const question = (await client.pendingActions()).find((action) => action.executionId === executionId);
    expect(question).toMatchObject({ taskId: "intent", what: "1. In which language does it greet?" });
    expect(await buildStatus(client, executionId)).toMatchObject({
      current_step: 1,
      current_step_name: "intent",
      steps_completed: [],
    });
    await client.completeAction(question?.id ?? "", { note: "In German." });

    const afterSpec = await pendingApproval();
    expect(afterSpec.taskId).toBe("approve-before-package-repository");
    expect(await readFile(join(workspace, "WORK/spec.md"), "utf8")).not.toContain("TBD");
    expect(await buildStatus(client, executionId)).toMatchObject({
      current_step: 3,
      steps_completed: [
        { step: 1, name: "intent", status: "completed", duration_seconds: expect.any(Number) },
        { step: 2, name: "spec", status: "completed" },
      ],
    });
    expect((await post(`/executor/builds/${executionId}/approve`, { digest: "0".repeat(64) })).status).toBe(409);
    expect((await approve(afterSpec)).status).toBe(200);

    const beforeDeploy = await pendingApproval();
    expect(beforeDeploy.taskId).toBe("approve-deployment");
    expect(registry.seen).toHaveLength(0);
    const { tasks } = await client.execution(executionId);
    const built = tasks.find(({ id }) => id === "build");
    expect(built?.evidence.every(({ passed }) => passed)).toBe(true);
    expect(await buildStatus(client, executionId)).toMatchObject({
      current_step_name: "deploy",
      current_step_details: { tests_passing: 1, tests_failing: 0 },
    });
    const events = await client.events(executionId, { limit: 1000, taskId: "build" });
    expect(events.events.filter(({ type }) => type === "task.fixing")).toHaveLength(1);
    expect((await approve(beforeDeploy)).status).toBe(200);

    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    expect(await greeting()).toEqual({ says: "Hallo" });
    expect(registry.seen[0]).toMatchObject({ method: "POST", body: expect.stringContaining('"name":"greeter"') });
    expect(execFileSync("git", ["log", "--format=%s"], { cwd: workspace, encoding: "utf8" })).toBe(
      "Build greeter\nLay out greeter\n",
    );
    expect((await buildStatus(client, executionId)).steps_completed).toHaveLength(8);
    well = await readlink(join(ssh.folder, "greeter/current"));
    expect(streamed).toBeGreaterThan(20);
    socket.terminate();
  }, 400_000);

  it("goes back to the release that was well when the next one is not, after a retry from a step", async () => {
    ill = true;
    await expect(retryBuild(client, executionId, 9)).rejects.toThrow("from_step");
    await expect(retryBuild(client, executionId, "nowhere")).rejects.toThrow("has no step 'nowhere'");
    await retryBuild(client, executionId, "build");
    await approve(await pendingApproval());
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "failed" });
    const status = await buildStatus(client, executionId);
    expect(status).toMatchObject({ current_step: 6, current_step_name: "deploy" });
    expect(status.steps_completed.at(-1)).toMatchObject({ name: "deploy", status: "failed" });
    expect(status.failedTasks[0]?.message).toContain("runs again and is well");
    expect(await readlink(join(ssh.folder, "greeter/current"))).toBe(well);
    expect(await greeting()).toEqual({ says: "Hallo" });
    expect(registry.seen).toHaveLength(1);
  }, 400_000);

  it("is started on the command line, cancelled, and refused with the field that is wrong", async () => {
    const key = "same";
    const started = JSON.parse(
      await longhaul(orchestrator.home, "build", "A clock", "--approval", "auto", "--key", key, "--json"),
    ) as {
      build_id: string;
    };
    expect((await startBuild(client, { intent: "A clock", approval_mode: "auto", idempotency_key: key })).build_id).toBe(
      started.build_id,
    );
    const cancelled = await fetch(new URL(`/executor/builds/${started.build_id}`, running.url), {
      method: "DELETE",
      headers: { authorization: `Bearer ${running.token}` },
    });
    expect(await cancelled.json()).toMatchObject({ status: "cancelled" });
    await expect(startBuild(client, { intent: "", name: "x" })).rejects.toThrow("intent");
    await expect(startBuild(client, { intent: "A clock", name: "No Spaces" })).rejects.toThrow("name");
    await expect(longhaul(orchestrator.home, "build", "A clock", "--deploy", "host")).rejects.toThrow("--deploy-folder");
  }, 60_000);
});
