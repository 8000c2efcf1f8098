/** Notifications of a real orchestrator, through real servers on loopback that speak each service's contract. */
import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SMTPServer } from "smtp-server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { notifications } from "../../client/notifications.ts";
import { ask } from "../orchestrator/database/starter.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { answerWith, type ChannelServer, startChannelServer } from "./channel-server.ts";

const program = fileURLToPath(new URL("../../bin/longhaul.mjs", import.meta.url));
const names = ["voice", "ntfy", "discord", "slack", "webhook"] as const;
let servers: Record<(typeof names)[number], ChannelServer>;
const mails: string[] = [];
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ["STARTTLS"],
  onData: (stream, _session, done) => {
    let text = "";
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    stream.on("end", () => {
      mails.push(text);
      done();
    });
  },
});
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let orchestrator: TestOrchestrator;
let running: Awaited<ReturnType<TestOrchestrator["start"]>>;
let folder: string;
let environment: Record<string, string>;

beforeAll(async () => {
  servers = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await startChannelServer()])),
  ) as typeof servers;
  smtp.listen(0, "127.0.0.1");
  await once(smtp.server, "listening");
  database = await createTestDatabase();
  orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
  environment = {
    VOICE_SERVER_URL: servers.voice.url,
    VOICE_ID: "ann",
    NTFY_URL: servers.ntfy.url,
    NTFY_TOPIC: "plans",
    NTFY_TOKEN: "tk_secret_of_ntfy",
    DISCORD_WEBHOOK: `${servers.discord.url}/api/webhooks/1/secret-of-discord`,
    SLACK_WEBHOOK: `${servers.slack.url}/services/T/B/secret-of-slack`,
    SMTP_URL: `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}`,
    SMTP_TO: "owner@example.com",
    WEBHOOK_ALLOW_PRIVATE: "true",
  };
  running = await orchestrator.start(environment);
  folder = await mkdtemp("/tmp/longhaul-notify-");
});
afterAll(async () => {
  await orchestrator.remove();
  await Promise.all(Object.values(servers).map((server) => server.close()));
  await new Promise<void>((closed) => smtp.close(() => closed()));
  await rm(folder, { recursive: true, force: true });
  await database.drop();
});
beforeEach(() => {
  for (const { received } of Object.values(servers)) received.length = 0;
  mails.length = 0;
});
/** Nothing of one test is on its way in the next. */
afterEach(async () => {
  for (;;) {
    const { notifications: all } = await notifications(running.client, 500);
    if (!all.some(({ status }) => status === "queued" || status === "sending")) return;
    await delay(50);
  }
});

const handoff = async (tasks: object[], options: object = {}, title = "The plan") => {
  const plan = { title, tasks };
  return (await running.client.handoff({ plan, options: { workspace: folder, retry: { maxAttempts: 1 }, ...options } }))
    .executionId;
};
const ok = { id: "a", title: "Build it", command: "true" };
const titles = (server: ChannelServer) =>
  server.received.map(({ body }) => body["title"] ?? (body["embeds"] as { title: string }[])[0]?.title);

describe("a plan that runs", () => {
  it("is told to every channel in its own words", async () => {
    const executionId = await handoff([ok, { id: "b", title: "Break it", command: "echo oh; exit 3", dependencies: ["a"] }], {
      webhookUrl: `${servers.webhook.url}/own?key=1`,
    });
    await untilEnded(running.client, executionId);
    await expect.poll(() => mails.length, { timeout: 10_000 }).toBe(1);
    await expect.poll(() => titles(servers.ntfy)).toEqual(["Failed: Break it", "Plan failed: The plan"]);
    await expect.poll(() => titles(servers.discord)).toEqual(["Failed: Break it", "Plan failed: The plan"]);
    expect(servers.ntfy.received[1]).toMatchObject({
      headers: { authorization: "Bearer tk_secret_of_ntfy" },
      body: { topic: "plans", priority: 5, tags: ["rotating_light"] },
    });
    expect(servers.discord.received[0]?.body["allowed_mentions"]).toEqual({ parse: [] });
    expect(servers.slack.received[0]?.body["text"]).toBe("Failed: Break it");
    await expect.poll(() => servers.voice.received.length).toBeGreaterThan(2);
    for (const { path, body } of servers.voice.received) {
      expect(path).toBe("/notify");
      expect(body).toMatchObject({ voice_id: "ann", title: expect.any(String) });
      const words = String(body["message"]).split(" ").length;
      expect(words).toBeGreaterThanOrEqual(8);
      expect(words).toBeLessThanOrEqual(16);
    }
    expect(mails[0]).toMatch(/Subject: Plan failed: The plan/);
    await expect.poll(() => servers.webhook.received.length).toBe(5);
    const secret = (await readFile(join(orchestrator.home, "webhook-secret"), "utf8")).trim();
    for (const { headers, text } of servers.webhook.received) {
      const signed = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${text}`;
      expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", secret).update(signed).digest("base64")}`);
    }
    const log = await orchestrator.log();
    for (const secretPart of ["tk_secret_of_ntfy", "secret-of-discord", "secret-of-slack"]) expect(log).not.toContain(secretPart);
  });

  it("asks for an approval with buttons that work on the phone, and once only", async () => {
    const executionId = await handoff([ok], { approvalMode: "final" });
    await expect.poll(() => titles(servers.ntfy), { timeout: 10_000 }).toContain("Approval needed: Approve the result");
    const asked = servers.ntfy.received.find(({ body }) => String(body["title"]).startsWith("Approval"));
    const [approve] = (asked?.body["actions"] ?? []) as {
      url: string;
      method: string;
      headers: Record<string, string>;
      body: string;
    }[];
    const tap = () =>
      fetch(approve?.url ?? "", { method: approve?.method ?? "", headers: approve?.headers ?? {}, body: approve?.body ?? "" });
    expect((await Promise.all([tap(), tap()])).map(({ status }) => status)).toEqual([200, 200]);
    expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed" });
    const settled = () => servers.ntfy.received.find(({ body }) => body["title"] === "Approved: Approve the result");
    await expect.poll(settled).toBeDefined();
    expect(settled()?.body).toMatchObject({ sequence_id: asked?.body["sequence_id"] });
    expect(settled()?.body["actions"]).toBeUndefined();
    expect(asked?.body["sequence_id"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("is told as the plan wishes", async () => {
    const wishes = { notifications: { voice: false, discord: false, slack: false, "task.started.slack": true } };
    await untilEnded(running.client, await handoff([{ id: "w", title: "A wish", command: "true" }], wishes, "Wishes"));
    await expect.poll(() => titles(servers.ntfy)).toContain("Plan completed: Wishes");
    expect(servers.slack.received.map(({ body }) => body["text"])).toEqual(["Started: A wish"]);
    for (const { received } of [servers.voice, servers.discord])
      expect(received.filter(({ text }) => /wish/i.test(text))).toEqual([]);
  });

  it("is gathered into one message when much comes at once", async () => {
    servers.discord.next(answerWith(429, '{"retry_after": 1.5}'));
    const many = Array.from({ length: 12 }, (_, index) => ({ id: `t${index}`, title: `Task ${index}`, command: "true" }));
    await untilEnded(running.client, await handoff(many, { notifications: { voice: false, discord: true } }));
    await expect
      .poll(() => titles(servers.discord).map(String), { timeout: 15_000 })
      .toContainEqual(expect.stringMatching(/^\d+ updates$/));
    expect(servers.discord.received.length).toBeLessThan(8);
  });
});

describe("a service in trouble", () => {
  it.each([
    ["is busy and says for how long", answerWith(429, "", { "retry-after": "1" })],
    ["fails", answerWith(500)],
    ["hangs up", (response: { destroy(): void }) => response.destroy()],
  ])("gets the message later, once: it %s", async (what, trouble) => {
    servers.ntfy.next(trouble as never);
    await untilEnded(running.client, await handoff([ok], {}, `Trouble: ${what}`));
    await expect
      .poll(() => titles(servers.ntfy).filter((title) => title === `Plan completed: Trouble: ${what}`), { timeout: 10_000 })
      .toHaveLength(1);
    await expect
      .poll(async () =>
        (await notifications(running.client)).notifications.filter(
          ({ channel, title }) => channel === "push" && title.endsWith(what),
        ),
      )
      .toMatchObject([{ status: "sent" }]);
  });

  it("is not asked again when it refuses for good, and the list says so", async () => {
    servers.ntfy.next(answerWith(403));
    const executionId = await handoff([ok]);
    await untilEnded(running.client, executionId);
    await expect
      .poll(async () =>
        (await notifications(running.client)).notifications.find(
          (one) => one.executionId === executionId && one.channel === "push",
        ),
      )
      .toMatchObject({ status: "failed", error: "the service answered 403", tries: 1 });
  });

  it("holds up nobody but the plan whose own webhook asks for a day", async () => {
    const busy = await startChannelServer();
    busy.next(answerWith(429, "", { "retry-after": "86400" }));
    const blocked = await handoff([ok], { webhookUrl: `${busy.url}/busy` }, "Busy");
    await untilEnded(running.client, blocked);
    const webhooksOf = async (id: string) =>
      (await notifications(running.client, 500)).notifications.filter(
        (one) => one.executionId === id && one.channel === "webhook",
      );
    await expect
      .poll(async () => (await webhooksOf(blocked)).some(({ error }) => error === "the service answered 429"))
      .toBe(true);
    const free = await handoff([ok], { webhookUrl: `${servers.webhook.url}/free` }, "Free");
    await untilEnded(running.client, free);
    await expect.poll(() => titles(servers.webhook)).toContain("Plan completed: Free");
    expect(busy.received).toEqual([]);
    await ask(database.connection, "delete from notification_blocks");
    await ask(database.connection, "update notifications set not_before = now() where status = 'queued'");
    await expect.poll(() => titles(busy), { timeout: 10_000 }).toContain("Plan completed: Busy");
    await busy.close();
  });

  it("has moved: that is told in the list, and nothing is sent after it", async () => {
    servers.slack.next(answerWith(308, "", { location: `${servers.discord.url}/elsewhere` }));
    const executionId = await handoff([ok]);
    await untilEnded(running.client, executionId);
    await expect
      .poll(async () =>
        (await notifications(running.client)).notifications.find(
          (one) => one.executionId === executionId && one.channel === "slack",
        ),
      )
      .toMatchObject({ status: "failed", error: expect.stringContaining("it has moved"), tries: 1 });
    expect(servers.discord.received.filter(({ path }) => path === "/elsewhere")).toEqual([]);
  });

  it("is refused at hand-off when there is no such channel", async () => {
    await expect(handoff([ok], { notifications: { telegram: true } })).rejects.toMatchObject({
      message: expect.stringContaining("name a channel (voice, push"),
    });
  });

  it("is refused at hand-off when its address is neither http nor https", async () => {
    await expect(handoff([ok], { webhookUrl: "ftp://example.com/x" })).rejects.toMatchObject({
      message: expect.stringContaining("webhookUrl"),
    });
  });

  it("gets everything when the orchestrator is killed while it sends", async () => {
    const asked = new Promise<void>((seen) => servers.ntfy.next(() => seen())); // never answers
    const executionId = await handoff([ok], { notifications: { voice: false } }, "Killed");
    await asked;
    await orchestrator.kill();
    running = await orchestrator.start(environment);
    await untilEnded(running.client, executionId);
    await expect.poll(() => titles(servers.ntfy), { timeout: 15_000 }).toContain("Plan completed: Killed");
    await expect.poll(() => titles(servers.discord)).toContain("Plan completed: Killed");
  });
});

describe("the command line", () => {
  it("tests every channel and shows what was told", async () => {
    const longhaul = async (...words: string[]) =>
      (
        await promisify(execFile)(process.execPath, [program, ...words], {
          env: { ...process.env, LONGHAUL_HOME: orchestrator.home },
        })
      ).stdout;
    const tested = await longhaul("notify", "test");
    for (const name of ["voice", "push", "discord", "slack", "email"]) expect(tested).toMatch(new RegExp(`\\S ${name}\\n`));
    expect(await longhaul("notify", "list", "--limit", "5")).toMatch(/channels: voice, push, discord, slack, email\n(.*\n){5}$/);
  });
});
