/** Tasks of kind http against a real server. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { callHttp } from "../../../orchestrator/executors/http-request.ts";
import { findContainment } from "../../../orchestrator/executors/isolation.ts";
import { identify, signalProcess } from "../../../orchestrator/executors/process-identity.ts";
import { createProgramExecutor, type ProgramOptions } from "../../../orchestrator/executors/program.ts";
import { programFiles } from "../../../orchestrator/executors/programs/program.ts";
import { taskSecretsOf } from "../../../orchestrator/task-secrets.ts";
import { createAttempt, until } from "./support/attempt.ts";
import { startHttpServer } from "./support/http-server.ts";

const containment = await findContainment();
const httpWith = (options: Partial<ProgramOptions>) =>
  createProgramExecutor(
    { kind: "http", addresses: ({ url }) => [url] },
    {
      containment,
      environment: { PATH: process.env["PATH"] },
      secrets: [],
      taskSecrets: {},
      ownHosts: ["127.0.0.1"],
      outside: undefined,
      requestsPerMinute: 60,
      now: Date.now,
      ...options,
    },
  );
const http = httpWith({});

describe("an http task", () => {
  it("sends method, headers and JSON with a key that is the task's own, and checks what comes back", async () => {
    const server = await startHttpServer((_seen, response) => {
      response.writeHead(201, { "content-type": "application/json" }).end('{"id":7,"tags":["a","b"],"more":{"x":1,"y":2}}');
    });
    const params = {
      url: `${server.url}/things?a=1`,
      method: "post",
      headers: { "X-Who": "me", "X-Count": 3 },
      json: { name: "thing" },
      expect: { status: 201, json: { id: "7", tags: ["a", "b"], more: { y: 2 } } },
      saveAs: "out/answer.json",
    };
    const attempt = await createAttempt({ kind: "http", params });
    expect(await attempt.run(http)).toMatchObject({ status: "succeeded", message: `POST ${server.url}/things?… answered 201` });
    expect(server.seen).toEqual([expect.objectContaining({ method: "POST", url: "/things?a=1", body: '{"name":"thing"}' })]);
    expect(server.seen[0]?.headers).toMatchObject({
      "x-who": "me",
      "x-count": "3",
      "content-type": "application/json",
      "idempotency-key": `longhaul-${attempt.assignment.executionId}-1`,
    });
    expect(JSON.parse(await readFile(join(attempt.workspace, "out/answer.json"), "utf8"))).toMatchObject({ id: 7 });
  });

  it.each([
    [404, {}, {}, "permanent", /answered 404, not 2xx/],
    [200, {}, { expect: { json: { ok: true } } }, "permanent", /the answer.ok is false, not true/],
    [200, {}, { expect: { text: "fine" } }, "permanent", /does not hold "fine"/],
    [302, { location: "http://169.254.169.254/" }, {}, "permanent", /answered 302/],
    [500, {}, {}, "transient", /answered 500/],
  ] as const)("answered %i %j with %j fails as %s", async (status, headers, more, failureClass, message) => {
    const server = await startHttpServer((_seen, response) => void response.writeHead(status, headers).end('{"ok":false}'));
    const attempt = await createAttempt({ kind: "http", params: { url: server.url, ...more } });
    expect(await attempt.run(http)).toMatchObject({ status: "failed", failureClass, message: expect.stringMatching(message) });
    expect(server.seen).toHaveLength(1);
  });

  it("comes back when the service says, and holds the host for everybody until then", async () => {
    const server = await startHttpServer((_seen, response) => void response.writeHead(429, { "retry-after": "7" }).end());
    const held: [string, number][] = [];
    const outside: ProgramOptions["outside"] = {
      admit: () => Promise.resolve({ admitted: true, waitMs: 0 }),
      holdHost: (host, seconds) => Promise.resolve(void held.push([host, seconds])),
      keepArtifacts: () => Promise.resolve(),
    };
    const attempt = await createAttempt({ kind: "http", params: { url: server.url } });
    const outcome = await attempt.run(httpWith({ outside, now: () => 1000 }));
    expect(outcome).toMatchObject({ status: "failed", failureClass: "rate_limit", retryAtMs: 8000 });
    expect(held).toEqual([[server.host, 7]]);
  });

  it("does not call this machine on the plan's word", async () => {
    const server = await startHttpServer((_seen, response) => void response.end());
    const attempt = await createAttempt({ kind: "http", params: { url: server.url } });
    const outcome = await attempt.run(httpWith({ ownHosts: ["127.0.0.1:1", "*.0.0.1"] }));
    expect(outcome).toMatchObject({ status: "failed", failureClass: "permanent" });
    expect(outcome.message).toContain(`LONGHAUL_TASK_HOSTS=${server.host}`);
    expect(server.seen).toEqual([]);
  });

  it.each([
    "http://2130706433:9/",
    "http://0x7f.1:9/",
    "http://[::ffff:127.0.0.1]:9/",
    "http://[::1]:9/",
    "http://169.254.169.254/latest/meta-data",
    "http://localhost:9/",
    "http://10.1.2.3/",
  ])("does not call %s on the plan's word", async (url) => {
    const call = { url, method: "GET", headers: {}, body: undefined, timeoutMs: 5000, mostBytes: 10, ownHosts: [] };
    await expect(callHttp(call)).rejects.toMatchObject({ sent: false, permanent: true });
  });

  it("sends a secret only where the owner lets it go, and shows it nowhere", async () => {
    const server = await startHttpServer((seen, response) => void response.end(`you said ${seen.headers.authorization}`));
    const value = "value-of-the-secret-1234";
    const params = { url: server.url, headers: { Authorization: "Bearer ${secret:API}" } };
    const attempt = await createAttempt({ kind: "http", params });
    const allowed = taskSecretsOf({ LONGHAUL_SECRET_API: value, LONGHAUL_SECRET_API_HOSTS: `x.example, ${server.host}` });
    const outcome = await attempt.run(httpWith({ taskSecrets: allowed }));
    expect(outcome.status).toBe("succeeded");
    expect(server.seen[0]?.headers.authorization).toBe(`Bearer ${value}`);
    expect(JSON.stringify([outcome, attempt.events])).not.toContain(value);
    expect(await readFile(join(attempt.directory, programFiles.order), "utf8")).not.toContain(value);

    const other = await createAttempt({ kind: "http", params });
    const elsewhere = taskSecretsOf({ LONGHAUL_SECRET_API: value, LONGHAUL_SECRET_API_HOSTS: "api.example.com" });
    expect(await other.run(httpWith({ taskSecrets: elsewhere }))).toMatchObject({
      failureClass: "permanent",
      message: expect.stringContaining("LONGHAUL_SECRET_API_HOSTS"),
    });
    expect(await other.run(httpWith({}))).toMatchObject({ message: expect.stringContaining("set LONGHAUL_SECRET_API ") });
    expect(server.seen).toHaveLength(1);
  });

  it("whose connection breaks after it was sent asks a person, unless it may be sent twice", async () => {
    const server = await startHttpServer((_seen, response) => void response.destroy());
    const post = await createAttempt({ kind: "http", params: { url: server.url, method: "POST" } });
    expect(await post.run(http)).toMatchObject({
      status: "held",
      hold: { name: "outcome-unknown", waitFor: "human", onDone: "complete" },
    });
    const idempotent = await createAttempt({ kind: "http", params: { url: server.url, method: "POST", idempotent: true } });
    expect(await idempotent.run(http)).toMatchObject({ status: "failed", failureClass: "transient" });
    await server.close();
    const refused = await createAttempt({ kind: "http", params: { url: server.url, method: "POST" } });
    expect(await refused.run(http)).toMatchObject({ status: "failed", failureClass: "transient" });
  });

  it("whose supervisor is killed while the service works asks a person instead of sending it again", async () => {
    const server = await startHttpServer(() => undefined);
    const attempt = await createAttempt({ kind: "http", params: { url: server.url, method: "POST" } });
    const running = attempt.run(http);
    await until("the request came", () => server.seen.length === 1);
    const claim = attempt.claim();
    if (claim !== undefined) signalProcess(claim.identity, "SIGKILL");
    expect(await running).toMatchObject({ status: "held", hold: { name: "outcome-unknown" } });
    expect(identify(claim?.identity.pid ?? 0)).toBeUndefined();
  });

  it("goes on without the orchestrator, and is found ended by the next one", async () => {
    let release = () => {};
    const server = await startHttpServer(async (_seen, response) => {
      await new Promise<void>((resolve) => (release = resolve));
      response.end("late");
    });
    const attempt = await createAttempt({ kind: "http", params: { url: server.url, method: "POST" } });
    const running = attempt.run(http);
    await until("the request came", () => server.seen.length === 1);
    attempt.stop("detach");
    expect(await running).toMatchObject({ status: "detached" });
    release();
    expect(await attempt.run(http, { adopted: true })).toMatchObject({
      status: "succeeded",
      message: expect.stringContaining("200"),
    });
    expect(server.seen).toHaveLength(1);
  });
});
