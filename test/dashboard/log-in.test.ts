import { get, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dashboardLink } from "../../client/dashboard.ts";
import { openDatabase } from "../../orchestrator/store/db.ts";
import { createTestOrchestrator, type TestOrchestrator } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";

let query: (text: string) => Promise<Record<string, unknown>[]>;
let close: () => Promise<void>;
let orchestrator: TestOrchestrator;
let running: Awaited<ReturnType<TestOrchestrator["start"]>>;
beforeAll(async () => {
  const { connection, databaseUrl, drop } = await createTestDatabase();
  const database = openDatabase(connection);
  query = (text) => database.query({ name: text.slice(0, 50), text, values: [] });
  close = async () => {
    await database.close();
    await drop();
  };
  orchestrator = await createTestOrchestrator({ DATABASE_URL: databaseUrl });
  running = await orchestrator.start();
});
afterAll(async () => {
  await orchestrator.remove();
  await close();
});

const json = { "content-type": "application/json" };
const newCode = async () => new URL((await dashboardLink(running.client)).url).hash.slice(1);
const post = (path: string, body: unknown, headers: Record<string, string>) =>
  fetch(running.url + path, { method: "POST", headers: { ...json, ...headers }, body: JSON.stringify(body) });
const redeem = (code: string, headers: Record<string, string> = {}) =>
  post("/api/dashboard/session", { code }, { origin: running.url, ...headers });

async function logIn(): Promise<{ cookie: string; "x-longhaul-session": string }> {
  const answer = await redeem(await newCode());
  const { proof } = (await answer.json()) as { proof: string };
  return { cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "", "x-longhaul-session": proof };
}

describe("the link from the command line", () => {
  it("has its code behind the #, where no request and no log shows it", async () => {
    const { url, expiresAt } = await dashboardLink(running.client);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/dashboard\/login#[\w-]{43}$/);
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(60_000);
    expect(await orchestrator.log()).not.toContain(url.split("#")[1]);
  });

  it("opens a session once, in a cookie that scripts and other sites do not get", async () => {
    const code = await newCode();
    const first = await redeem(code);
    expect(first.status).toBe(200);
    expect(first.headers.get("set-cookie")).toMatch(
      /^longhaul_\d+=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
    );
    expect(await redeem(code)).toMatchObject({ status: 401 });
  });

  it("counts once also when many come with it at the same time", async () => {
    const code = await newCode();
    const answers = await Promise.all(Array.from({ length: 12 }, () => redeem(code)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 11 }, () => 401)]);
  });

  it("is over after a minute", async () => {
    const code = await newCode();
    await query("update dashboard_codes set expires_at = now() - interval '1 second'");
    expect(await redeem(code)).toMatchObject({ status: 401 });
  });

  it("is not to be had without the token, and not for pages of others", async () => {
    expect(await post("/api/dashboard/links", {}, {})).toMatchObject({ status: 401 });
    expect(await redeem(await newCode(), { origin: "http://evil.example" })).toMatchObject({ status: 403 });
  });

  it("leaves only hashes behind", async () => {
    const { cookie, "x-longhaul-session": proof } = await logIn();
    const rows = await query("select s::text as row from dashboard_sessions s union all select c::text from dashboard_codes c");
    const kept = JSON.stringify(rows.map(({ row }) => Buffer.from(String(row)).toString()));
    for (const secret of [cookie.split("=")[1], proof].map(String)) {
      expect(kept).not.toContain(secret);
      expect(kept).not.toContain(Buffer.from(secret).toString("hex"));
    }
  });
});

describe("a session", () => {
  it("opens the API with both halves, and with neither alone", async () => {
    const both = await logIn();
    const get = (headers: Record<string, string>) =>
      fetch(`${running.url}/api/executions`, { headers }).then(({ status }) => status);
    expect(await get(both)).toBe(200);
    expect(await get({ cookie: both.cookie })).toBe(401);
    expect(await get({ "x-longhaul-session": both["x-longhaul-session"] })).toBe(401);
    expect(await get({ ...both, "x-longhaul-session": "A".repeat(43) })).toBe(401);
    expect(await get({ ...both, "sec-fetch-site": "cross-site" })).toBe(403);
  });

  it("changes something only with an Origin, and only from its own", async () => {
    const both = await logIn();
    const preview = (headers: Record<string, string>) =>
      post("/api/plans/preview", { text: "- [ ] `true`" }, { ...both, ...headers }).then(({ status }) => status);
    expect(await preview({})).toBe(403);
    expect(await preview({ origin: running.url })).toBe(200);
    expect(await preview({ origin: "http://127.0.0.1:1" })).toBe(403);
    expect(await preview({ origin: "null" })).toBe(403);
  });

  it("ends with the log-out and after its time", async () => {
    const headers = { ...json, ...(await logIn()), origin: running.url };
    const out = await fetch(`${running.url}/api/dashboard/session`, { method: "DELETE", headers, body: "{}" });
    expect(out.headers.get("set-cookie")).toMatch(/=; Path=\/; Max-Age=0;/);
    expect(await fetch(`${running.url}/api/executions`, { headers })).toMatchObject({ status: 401 });
    const old = await logIn();
    await query("update dashboard_sessions set expires_at = now()");
    expect(await fetch(`${running.url}/api/executions`, { headers: old })).toMatchObject({ status: 401 });
  });
});

/** Without fetch, which sets and hides headers of its own. */
const raw = (path: string, headers: Record<string, string> = {}) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: "127.0.0.1", port: new URL(running.url).port, path, headers }, (answer) => {
      answer.resume();
      resolve(answer);
    }).on("error", reject);
  });

describe("the page", () => {
  it("is there for whoever comes, forbids everything inline and foreign, and packs its files", async () => {
    const page = await fetch(`${running.url}/dashboard/executions/some-id`);
    expect(page.status).toBe(200);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toMatch(/unsafe|\*/);
    const html = await page.text();
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style| style=/);
    const script = /src="(\/dashboard\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? "";
    const answer = await raw(script, { "accept-encoding": "gzip, br" });
    expect(answer.headers).toMatchObject({
      "content-encoding": "br",
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, max-age=31536000, immutable",
    });
    expect(await raw(script, { "if-none-match": answer.headers.etag ?? "" })).toMatchObject({ statusCode: 304 });
  });

  it("is also reached by a link from elsewhere, and gives nothing else away", async () => {
    const navigation = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    expect(await raw("/", navigation)).toMatchObject({ statusCode: 302 });
    expect(await raw("/dashboard/", navigation)).toMatchObject({ statusCode: 200 });
    expect(await raw("/dashboard/assets/missing.js")).toMatchObject({ statusCode: 404 });
    expect(await raw("/dashboard/%2e%2e/package.json")).toMatchObject({ statusCode: 400 });
    expect(await raw("/api/executions", navigation)).toMatchObject({ statusCode: 403 });
  });
});
