import { expect, test } from "vitest";
import { Problem } from "../../../orchestrator/api/contract.ts";
import { currentCorrelationId } from "../../../orchestrator/api/correlation.ts";
import { LonghaulError } from "../../../orchestrator/domain/errors.ts";
import { createDoor, executionId, token } from "./door-fixture.ts";

const text = JSON.stringify({ text: "- [ ] one" });

async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = Problem.parse(await response.json());
  expect(problem.status).toBe(response.status);
  expect(problem.correlationId).toBe(response.headers.get("x-correlation-id"));
  return problem;
}

test("a new handoff is 201 with its location, a known idempotency key 200", async () => {
  const door = createDoor();
  const created = await door.request("/api/executions", { method: "POST", body: text });
  expect(created.status).toBe(201);
  expect(created.headers.get("location")).toBe(`/api/executions/${executionId}`);
  const body = JSON.stringify({ text: "x", options: { idempotencyKey: "known" } });
  expect((await door.request("/api/executions", { method: "POST", body })).status).toBe(200);
});

test("the handlers get the validated request with its defaults", async () => {
  const door = createDoor();
  await door.request("/api/executions", { method: "POST", body: text });
  expect(door.calls).toEqual([
    {
      name: "handoff",
      args: [{ text: "- [ ] one", options: { priority: "normal", approvalMode: "auto", confirmExternal: false } }],
    },
  ]);
});

test("a state wanted by PATCH becomes the action that leads there", async () => {
  for (const [status, action] of Object.entries({ paused: "pause", running: "resume", cancelled: "cancel" })) {
    const door = createDoor();
    const response = await door.request(`/api/executions/${executionId}`, { method: "PATCH", body: JSON.stringify({ status }) });
    expect(response.status).toBe(200);
    expect(door.calls).toEqual([{ name: "control", args: [executionId, { action }] }]);
  }
});

test.each([
  ["POST", "/api/execution/handoff", text, "handoff"],
  ["GET", `/api/execution/${executionId}/status`, undefined, "status"],
  ["POST", `/api/execution/${executionId}/control`, '{"action":"pause"}', "control"],
  ["POST", "/plans/submit", text, "handoff"],
  ["GET", `/plans/${executionId}/status`, undefined, "status"],
  ["GET", "/actions/pending", undefined, "pendingActions"],
  ["POST", "/actions/a.1/complete", "{}", "completeAction"],
  ["GET", "/executor/builds", undefined, "list"],
  ["DELETE", `/executor/builds/${executionId}`, undefined, "control"],
  ["GET", "/executor/health", undefined, "health"],
  ["GET", "/executor/capabilities", undefined, "capabilities"],
])("the alias %s %s does what its canonical route does", async (method, path, body, call) => {
  const door = createDoor();
  const response = await door.request(path, { method, ...(body === undefined ? {} : { body }) });
  expect(response.ok).toBe(true);
  expect(door.calls.map(({ name }) => name)).toEqual([call]);
});

test("an action may be completed without a body, its id may hold any printable character", async () => {
  const door = createDoor();
  const path = `/api/actions/${encodeURIComponent("x/y z.1")}/complete`;
  const response = await door.request(path, { method: "POST", headers: { "content-type": null } });
  expect(response.status).toBe(200);
  expect(door.calls).toEqual([{ name: "completeAction", args: ["x/y z.1", { outcome: "done" }] }]);
});

test("every wrong field is named", async () => {
  const door = createDoor();
  const body = JSON.stringify({ text: "x", options: { priority: "urgent", concurrency: 0 }, nonsense: 1 });
  const problem = await problemOf(await door.request("/api/executions", { method: "POST", body }));
  expect(problem).toMatchObject({ status: 400, code: "invalid_input" });
  expect(problem.errors?.map((error) => error["field"])).toEqual(
    expect.arrayContaining(["options.priority", "options.concurrency"]),
  );
  expect(problem.detail).toContain("options.priority");
  expect(problem.detail).toContain("nonsense");
  expect(door.calls).toEqual([]);
});

test("an empty handoff is told what is missing", async () => {
  const problem = await problemOf(await createDoor().request("/api/executions", { method: "POST" }));
  expect(problem.detail).toContain("give exactly one of plan, text or path");
});

test("wrong query and path values are named too", async () => {
  const door = createDoor();
  const query = await problemOf(await door.request("/api/executions?limit=0&status=lost"));
  expect(query.errors?.map(({ location, field }) => [location, field])).toEqual([
    ["query", "status"],
    ["query", "limit"],
  ]);
  const path = await problemOf(await door.request(`/api/executions/${"x".repeat(501)}/status`));
  expect(path.errors).toMatchObject([{ location: "path", field: "id" }]);
});

test("malformed JSON is answered with its place", async () => {
  const body = '{\n  "text": "a",\n  "options": {"priority": "low",}\n}';
  const problem = await problemOf(await createDoor().request("/api/executions", { method: "POST", body }));
  expect(problem).toMatchObject({ status: 400, errors: [{ location: "body", line: 3, column: 33 }] });
  expect(problem.detail).toContain("line 3, column 33");
});

test.each([
  ["invalid_input", 400],
  ["invalid_plan", 422],
  ["not_found", 404],
  ["conflict", 409],
  ["unauthorized", 401],
  ["forbidden", 403],
  ["too_large", 413],
  ["unavailable", 503],
] as const)("a %s of the use-cases is %i with its message and hint", async (code, status) => {
  const list = async () => {
    throw new LonghaulError(code, "This is wrong.", { hint: "Do that." });
  };
  const response = await createDoor({ queries: { list } }).request("/api/executions");
  expect(await problemOf(response)).toMatchObject({ status, code, detail: "This is wrong.", hint: "Do that." });
  expect(response.headers.has("retry-after")).toBe(code === "unavailable");
});

test("the problems of a plan arrive with their lines", async () => {
  const response = await createDoor().request("/api/plans/preview", { method: "POST", body: text });
  expect(await problemOf(response)).toMatchObject({ status: 422, errors: [{ code: "cycle", line: 3 }] });
});

test("an unexpected fault says nothing of the inside, and its log line carries the correlation id", async () => {
  const list = async () => {
    throw new Error("password=hunter2");
  };
  const door = createDoor({ queries: { list } });
  const problem = await problemOf(await door.request("/api/executions"));
  expect(problem).toMatchObject({ status: 500, code: "internal" });
  expect(JSON.stringify(problem)).not.toContain("hunter2");
  const failed = door.lines.find(({ message }) => message === "a request failed");
  expect(failed?.fields).toMatchObject({ correlationId: problem.correlationId, err: expect.any(Error) });
});

test("an unknown execution and an unknown route are 404, a wrong method 405 with what is allowed", async () => {
  const door = createDoor();
  expect(await problemOf(await door.request("/api/executions/other/status"))).toMatchObject({
    status: 404,
    detail: "No execution 'other'",
  });
  expect((await problemOf(await door.request("/api/nothing"))).detail).toContain("GET /api/nothing");
  const wrong = await door.request("/api/executions", { method: "PUT", body: "{}" });
  expect(wrong.status).toBe(405);
  expect(wrong.headers.get("allow")).toBe("POST, GET, HEAD");
});

test("a sane correlation id of the caller is kept, a trace id serves, anything else is replaced", async () => {
  const door = createDoor();
  const idFor = async (headers: Record<string, string>) =>
    (await door.request("/health", { headers })).headers.get("x-correlation-id");
  expect(await idFor({ "x-correlation-id": "ci-run:42.build_7" })).toBe("ci-run:42.build_7");
  expect(await idFor({ traceparent: `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01` })).toBe("ab".repeat(16));
  for (const bad of ["short", "with space in it", "x".repeat(129), 'quote"quote']) {
    expect(await idFor({ "x-correlation-id": bad })).toMatch(/^[\da-f-]{36}$/);
  }
});

test("code behind a route can ask for the correlation id", async () => {
  let seen: string | undefined;
  const list = async () => {
    await new Promise(setImmediate);
    seen = currentCorrelationId();
    return { executions: [], nextCursor: null };
  };
  await createDoor({ queries: { list } }).request("/api/executions", { headers: { "x-correlation-id": "request-1" } });
  expect(seen).toBe("request-1");
  expect(currentCorrelationId()).toBeUndefined();
});

test("each request leaves one log line with its id, status and time, and without the query", async () => {
  const door = createDoor();
  await door.request("/api/executions?conversationId=secret");
  await door.request("/api/executions", { method: "POST", body: text });
  await door.request("/api/nothing");
  expect(door.lines.map(({ level, fields }) => [level, fields["method"], fields["path"], fields["status"]])).toEqual([
    ["debug", "GET", "/api/executions", 200],
    ["info", "POST", "/api/executions", 201],
    ["warn", "GET", "/api/nothing", 404],
  ]);
  expect(JSON.stringify(door.lines)).not.toContain("secret");
  expect(door.lines[0]?.fields).toMatchObject({ correlationId: expect.any(String), durationMs: expect.any(Number) });
});

test("health tells strangers only that it lives, the owner everything", async () => {
  const door = createDoor();
  const stranger = await door.request("/health", { headers: { authorization: null } });
  expect(await stranger.json()).toEqual({ service: "longhaul", status: "ok", live: true });
  expect(door.calls).toEqual([]);
  expect(await (await door.request("/health")).json()).toMatchObject({
    nodeId: "n",
    dependencies: { database: { status: "up" } },
  });
  expect((await door.request("/health", { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
});

test("health is 503 with its details while the orchestrator cannot work", async () => {
  const down = {
    status: "down",
    live: true,
    ready: false,
    version: "1",
    nodeId: "n",
    uptimeSeconds: 1,
    dependencies: {},
  } as const;
  const response = await createDoor({ queries: { health: async () => down } }).request("/health");
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual(down);
});

test("metrics come in Prometheus' text format, to the owner only", async () => {
  const door = createDoor();
  const response = await door.request("/metrics");
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await response.text()).toBe("up 1\n");
  expect((await door.request("/metrics", { headers: { authorization: null } })).status).toBe(401);
});

test("the token appears in no log line", async () => {
  const door = createDoor();
  await door.request("/api/executions");
  await door.request(`/api/executions?token=${token}`);
  expect(JSON.stringify(door.lines)).not.toContain(token);
});
