import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestOrchestrator, type TestOrchestrator } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";

type Operation = { method: string; path: string };

let orchestrator: TestOrchestrator;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let url: string;
let owner: string;
let executionId: string;
let operations: Operation[];

beforeAll(async () => {
  database = await createTestDatabase();
  orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
  const running = await orchestrator.start();
  ({ url, token: owner } = running);
  ({ executionId } = await running.client.handoff({
    plan: { title: "Private", tasks: [{ id: "a", title: "Ask", kind: "human" }] },
  }));
  const document = (await (await ask(owner, "GET", "/openapi.json")).json()) as { paths: Record<string, object> };
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
});
afterAll(async () => {
  await orchestrator.remove();
  await database.drop();
});

const ask = (token: string, method: string, path: string, body?: unknown) =>
  fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(method === "GET" || method === "HEAD" ? {} : { body: JSON.stringify(body ?? {}) }),
  });

async function register(name: string, capabilities: string[] = [], by = owner) {
  const response = await ask(by, "POST", "/api/agents", { name, capabilities });
  expect(response.status).toBe(201);
  return (await response.json()) as { id: string; token: string; capabilities: string[] };
}

const joinToken = async (request: object) =>
  (await (await ask(owner, "POST", "/api/agents/join-tokens", request)).json()) as { token: string };

const auditOf = async (agentId: string) => {
  const answer = (await (await ask(owner, "GET", `/api/audit?limit=1000&agentId=${agentId}`)).json()) as {
    entries: { action: string; status: number; times: number }[];
  };
  return answer.entries;
};

/** With ids that exist, so that a refusal is not just about a missing thing. */
const concrete = (path: string, agentId: string) =>
  path.replaceAll(/\{(\w+)\}/g, (_match, name: string, offset: number) =>
    name === "id" && path.slice(0, offset).endsWith("/agents/") ? agentId : name === "id" ? executionId : "x",
  );

const ownRoutes = new Set(["GET /api/agents/{id}/work", "POST /api/agents/{id}/heartbeat", "POST /api/executions/{id}/events"]);

test("an agent's token gets nothing out of any route that is not its own, and each try is in the record", async () => {
  const [mine, other] = await Promise.all([register("mine"), register("other")]);
  const refused: string[] = [];
  expect(operations.length).toBeGreaterThan(50);
  for (const { method, path } of operations) {
    const target = concrete(path, other.id);
    for (const each of new Set([method, "GET", "HEAD", "POST", "PATCH", "DELETE", "PUT"])) {
      if (`${each} ${path}` === "POST /api/executions/{id}/events") continue; // whose work it is, is tested with the reports
      const response = await ask(mine.token, each, target);
      const isOwn = ownRoutes.has(`${each} ${path}`);
      expect([each, target, response.status]).toEqual([each, target, isOwn ? 404 : 403]);
      const text = await response.text();
      expect(text).not.toContain("Private");
      refused.push(`${each} ${target}`);
    }
  }
  const recorded = new Set((await auditOf(mine.id)).map(({ action }) => action));
  expect([...new Set(refused)].filter((action) => !recorded.has(action))).toEqual([]);
}, 120_000);

test("a way around the list is closed: encoded paths, doubled slashes, streams, link pages", async () => {
  const { id, token } = await register("bold");
  for (const path of [
    `/api/agents/${id}/work/`,
    `/api//agents/${id}/work`,
    `/api/agents/${id}%2Fwork`,
    `/API/agents/${id}/work`,
    `/api/agents/${id}`,
    "/approve/x",
    "/metrics",
    "/health",
  ]) {
    expect([path, (await ask(token, "GET", path)).status]).toEqual([path, 403]);
  }
  expect(await upgradeStatus(`/api/executions/${executionId}/stream`, token)).toBe(403);
  expect(await upgradeStatus(`/api/executions/${executionId}/stream`, owner)).toBe(101);
});

function upgradeStatus(path: string, token: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    };
    const asked = request(url + path, { headers });
    asked.on("response", (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve(response.statusCode);
    });
    asked.on("error", reject);
    asked.end();
  });
}

test("an agent never decides an approval: not with its token, and not by saying that it is the owner", async () => {
  const { token } = await register("judge");
  const decision = { decision: "approve", digest: "0".repeat(64), by: "owner", principal: "owner", channel: "cli" };
  const response = await ask(token, "POST", `/api/approvals/${executionId}`, decision);
  expect(response.status).toBe(403);
  // And a field of the body that names somebody is refused, whoever sends it.
  expect((await ask(owner, "POST", `/api/approvals/${executionId}`, decision)).status).toBe(400);
});

test("a revoked token is nobody's at once", async () => {
  const { id, token } = await register("short");
  expect((await ask(token, "GET", "/api/executions")).status).toBe(403);
  expect(await (await ask(owner, "DELETE", `/api/agents/${id}`)).json()).toEqual({ id, changed: true });
  expect((await ask(token, "GET", "/api/executions")).status).toBe(401);
  expect(await (await ask(owner, "DELETE", `/api/agents/${id}`)).json()).toEqual({ id, changed: false });
  const listed = (await (await ask(owner, "GET", `/api/agents/${id}`)).json()) as object;
  expect(listed).toMatchObject({ id, name: "short", status: "revoked" });
  expect(JSON.stringify(listed)).not.toContain(token);
});

test("a join token registers as many agents as it was made for, with no more than its capabilities, and opens nothing else", async () => {
  const join = await joinToken({ capabilities: ["linux", "gpu"], uses: 2 });
  expect((await ask(join.token, "GET", "/api/agents")).status).toBe(403);
  expect((await ask(join.token, "POST", "/api/agents/join-tokens")).status).toBe(403);
  const tooMuch = await ask(join.token, "POST", "/api/agents", { name: "greedy", capabilities: ["gpu", "root"] });
  expect([tooMuch.status, await tooMuch.json()]).toMatchObject([403, { detail: expect.stringContaining("root") }]);
  const first = await register("one", ["gpu"], join.token);
  await register("two", [], join.token);
  expect((await ask(join.token, "POST", "/api/agents", { name: "three" })).status).toBe(401);
  expect((await ask(first.token, "GET", "/api/agents")).status).toBe(403);
});

test("the token of an agent in a URL is refused, in every parameter", async () => {
  const { token } = await register("leaky");
  const response = await ask(owner, "GET", `/api/executions?q=${token}`);
  expect([response.status, await response.text()]).toMatchObject([400, expect.not.stringContaining(token)]);
});

test("no token is in the database, nor in the log", async () => {
  const { token } = await register("secret");
  await ask(token, "GET", "/api/executions");
  const pg = (await import("pg")).default;
  const client = new pg.Client(database.connection);
  await client.connect();
  const { rows } = await client.query<{ all: string }>(
    "select (select json_agg(a) from agents a)::text || (select json_agg(e) from audit_entries e)::text as all",
  );
  await client.end();
  expect(rows[0]?.all).toContain("secret");
  expect(rows[0]?.all).not.toContain(token);
  expect(await orchestrator.log()).not.toContain(token);
});
