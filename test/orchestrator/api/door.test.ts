/** The rows of DESIGN §9 that a request alone can show; the others are in server.test.ts. */
import { expect, test } from "vitest";
import { createDoor, executionId, token } from "./door-fixture.ts";

const statusOf = async (path: string, headers: Record<string, string | null>, init: { method?: string; body?: string } = {}) => {
  const door = createDoor({ config: { allowedHosts: ["build.example.org", "inside:9000"] } });
  const response = await door.request(path, { ...init, headers });
  expect(response.headers.get("access-control-allow-origin")).toBeNull();
  if (!response.ok) {
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(door.calls).toEqual([]);
  }
  return response.status;
};

test.each([
  ["127.0.0.1:8400", 200],
  ["localhost:8400", 200],
  ["LOCALHOST:8400", 200],
  ["[::1]:8400", 200],
  ["build.example.org", 200],
  ["build.example.org:443", 200],
  ["inside:9000", 200],
  ["inside:9001", 421],
  ["127.0.0.1", 421],
  ["127.0.0.1:8401", 421],
  ["127.0.0.1:84000", 421],
  ["evil.example:8400", 421],
  ["localhost.evil.example:8400", 421],
  ["127.0.0.1.evil.example:8400", 421],
  ["localhost:8400@evil.example", 421],
  ["[::1", 421],
  ["", 421],
  [null, 421],
])("Host %j is answered with %i", async (host, status) => {
  expect(await statusOf("/api/executions", { host })).toBe(status);
});

test.each([
  ["http://127.0.0.1:8400", 200],
  ["https://evil.example", 403],
  ["null", 403],
  ["http://localhost:3000", 403],
  ["http://localhost:8400", 403],
  ["http://127.0.0.1:8401", 403],
  ["http://127.0.0.1:8400.evil.example", 403],
])("Origin %j is answered with %i", async (origin, status) => {
  expect(await statusOf("/api/executions", { origin })).toBe(status);
});

test("a page behind a configured name is no foreigner", async () => {
  expect(await statusOf("/health", { host: "build.example.org", origin: "https://build.example.org" })).toBe(200);
});

test.each([
  ["same-origin", 200],
  ["none", 200],
  ["same-site", 403],
  ["cross-site", 403],
])("Sec-Fetch-Site %s is answered with %i", async (site, status) => {
  expect(await statusOf("/api/executions", { "sec-fetch-site": site })).toBe(status);
});

test("a preflight is refused", async () => {
  const headers = { "access-control-request-method": "POST", authorization: null };
  expect(await statusOf("/api/executions", headers, { method: "OPTIONS" })).toBe(403);
});

test.each([
  [null, 401],
  ["", 401],
  ["Bearer", 401],
  [`Basic ${token}`, 401],
  [`Bearer ${token}x`, 401],
  [`Bearer ${token} ${token}`, 401],
  [`bearer ${token}`, 200],
])("Authorization %j is answered with %i", async (authorization, status) => {
  expect(await statusOf("/api/executions", { authorization })).toBe(status);
});

test("a 401 says which kind of credential is wanted", async () => {
  const response = await createDoor().request("/api/executions", { headers: { authorization: null } });
  expect(response.headers.get("www-authenticate")).toBe('Bearer realm="longhaul"');
});

test("routes that do not exist are closed to strangers too", async () => {
  expect(await statusOf("/api/nothing", { authorization: null })).toBe(401);
  expect(await statusOf("/health", { authorization: null }, { method: "POST" })).toBe(401);
});

test.each(["token=abc", "access_token=abc", "API_KEY=x", `anything=${token}`, `status=running&x=${token}`])(
  "a credential in the URL (%s) is 400",
  async (query) => {
    expect(await statusOf(`/api/executions?${query}`, {})).toBe(400);
  },
);

test.each([
  "application/x-www-form-urlencoded",
  "text/plain",
  "multipart/form-data; boundary=x",
  "text/json",
  "application/jsonp",
  null,
])("a body of type %j is 415", async (type) => {
  expect(await statusOf("/api/executions", { "content-type": type }, { method: "POST", body: '{"text":"x"}' })).toBe(415);
});

test("a JSON body may name its charset", async () => {
  const headers = { "content-type": "application/json; charset=utf-8" };
  expect(await statusOf("/api/executions", headers, { method: "POST", body: '{"text":"x"}' })).toBe(201);
});

test.each([
  "/api/executions/%2e%2e/status",
  "/api/executions/a%2E/status",
  "/api/executions/a%00b/status",
  "/api/executions/..%2f..%2fetc/status",
  "/api/executions/..%5Cx/status",
  "/api/executions/a%0d%0ab/status",
])("the path %s is 400", async (path) => {
  // The standard Request resolves encoded dots by itself, so the target is given as a real connection would show it.
  const { app } = createDoor();
  const headers = { host: "127.0.0.1:8400", authorization: `Bearer ${token}` };
  const response = await app.request("/", { headers }, { incoming: { url: path, socket: { localPort: 8400 } } });
  expect(response.status).toBe(400);
});

test("a body over the limit is 413, whether it says so or not", async () => {
  const door = createDoor({ config: { maxBodyBytes: 100 } });
  const body = JSON.stringify({ text: "x".repeat(100) });
  const announced = await door.request("/api/executions", {
    method: "POST",
    body,
    headers: { "content-length": String(body.length) },
  });
  expect(announced.status).toBe(413);
  const counted = await door.request("/api/executions", { method: "POST", body });
  expect(counted.status).toBe(413);
  expect(await counted.json()).toMatchObject({ code: "too_large", hint: expect.stringContaining("path") });
});

test("a body that is not UTF-8 is 400", async () => {
  const { app } = createDoor();
  const headers = { host: "127.0.0.1:8400", authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await app.request("/api/executions", { method: "POST", headers, body: Buffer.from([0x22, 0xff, 0xfe, 0x22]) });
  expect(response.status).toBe(400);
});

test("over the rate limit is 429 with the time to wait; strangers do not use up the owner's share", async () => {
  const door = createDoor({ config: { rateLimit: { perSecond: 0.1, burst: 2 } } });
  const knock = (authorization: string | null) => door.request("/api/executions", { headers: { authorization } });
  expect([(await knock(null)).status, (await knock(null)).status, (await knock(null)).status]).toEqual([401, 401, 429]);
  expect([(await door.request("/capabilities")).status, (await door.request("/capabilities")).status]).toEqual([200, 200]);
  const over = await door.request("/capabilities");
  expect(over.status).toBe(429);
  expect(Number(over.headers.get("retry-after"))).toBeGreaterThanOrEqual(9);
});

test("answers are not cached, sniffed or embedded", async () => {
  const response = await createDoor().request(`/api/executions/${executionId}`);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
  });
});
