import { describe, expect, it } from "vitest";
import { deliveryOf } from "../../notifications/channels/channel.ts";
import { createWebhook } from "../../notifications/channels/webhook.ts";
import { digest, messageOf, type Told } from "../../notifications/message.ts";
import { parseQuietHours, type QuietHours, quietForMs } from "../../notifications/quiet-hours.ts";
import { channelNames, channelsFor } from "../../notifications/rules.ts";

const told = (fields: Partial<Told>): Told => ({
  id: "",
  executionId: "e",
  seq: 1,
  type: "task.completed",
  at: "2026-01-01T00:00:00Z",
  planTitle: "Plan",
  taskId: "t",
  taskTitle: "Task",
  seconds: 61,
  reason: null,
  link: null,
  thread: null,
  ...fields,
});

describe("who is told what", () => {
  it.each([
    ["task.started", 0, ["voice", "webhook"]],
    ["task.completed", 299, ["voice", "webhook"]],
    ["task.completed", 301, ["voice", "push", "webhook"]],
    ["task.failed", 1, ["voice", "push", "discord", "slack", "webhook"]],
    ["execution.completed", 1, [...channelNames]],
    ["approval.requested", null, [...channelNames]],
    ["phase.completed", 1, ["voice", "push", "webhook"]],
    ["health.warning", 1, ["voice", "push", "webhook"]],
    ["agent.message", null, []],
  ])("%s after %s s", (type, seconds, expected) => {
    expect(channelsFor(type, channelNames, seconds)).toEqual(expected);
  });

  it("can be changed for an event and for a plan", () => {
    expect(channelsFor("task.completed", ["push", "discord"], 1, { "task.completed": { push: true } })).toEqual(["push"]);
    expect(channelsFor("execution.completed", ["voice", "push"], 1, {}, { voice: false })).toEqual(["push"]);
    const wishes = { voice: false, "task.completed.voice": true, "execution.completed.push": false };
    expect(channelsFor("task.completed", ["voice", "push"], 1, {}, wishes)).toEqual(["voice"]);
    expect(channelsFor("execution.completed", ["voice", "push"], 1, {}, wishes)).toEqual([]);
  });
});

describe("what is said", () => {
  it.each([
    "task.started",
    "task.completed",
    "task.failed",
    "execution.completed",
    "execution.failed",
    "execution.halted",
    "approval.requested",
    "approval.expiring",
    "task.awaiting_human",
    "execution.progress",
    "execution.cancelled",
    "phase.completed",
    "health.warning",
    "health.recovered",
    "test",
  ])("has 8 to 16 words that can be spoken: %s", (type) => {
    for (const taskTitle of [
      "X",
      "Deploy `api/v2` <b>now</b> to https://x.example and *watch* the dashboards for the whole long evening",
    ]) {
      const { spoken } = messageOf(told({ type, taskTitle, planTitle: taskTitle }));
      const words = spoken.split(" ").length;
      expect([spoken, words >= 8 && words <= 16]).toEqual([spoken, true]);
      expect(spoken).not.toMatch(/[`*<>/]|https/);
    }
  });

  it("is one message with the most urgent first when there are many", () => {
    const many = [told({}), told({ type: "task.failed" }), told({}), told({})].map(messageOf);
    expect(digest(many)).toMatchObject({ title: "4 updates", priority: 4, buttons: [] });
  });
});

describe("quiet hours", () => {
  const berlin = parseQuietHours("22:00-07:00 Europe/Berlin", "UTC") as QuietHours;
  it.each([
    ["2026-01-10T20:59:00Z", 0],
    ["2026-01-10T21:00:00Z", 9 * 60],
    ["2026-01-11T05:30:00Z", 30],
    ["2026-01-11T06:00:00Z", 0],
    ["2026-07-11T05:30:00Z", 0], // summer time
  ])("at %s last %s more minutes", (at, minutes) => {
    expect(quietForMs(berlin, Date.parse(at)) / 60_000).toBe(minutes);
  });

  it.each(["", "22-7", "25:00-07:00", "22:00-07:00 Nowhere/Land"])("are no %j", (text) => {
    expect(parseQuietHours(text, "UTC")).toBeUndefined();
  });
});

describe("a webhook that somebody names", () => {
  const webhook = createWebhook({ url: undefined, secret: "s", allowPrivate: false, now: Date.now });
  it.each([
    "http://127.0.0.1:1/x",
    "http://localhost:1/x",
    "http://[::1]:1/x",
    "http://10.1.2.3/x",
    "http://169.254.169.254/latest/meta-data",
    "http://[::ffff:127.0.0.1]/x",
    "http://0x7f000001/x",
    "http://192.168.1.1/x",
    "http://[fd00::1]/x",
    "http://[64:ff9b:1::7f00:1]/x",
    "http://[2002:7f00:1::]/x",
    "http://[2001:0:7f00:1::]/x",
  ])("cannot be used to reach this machine or its network: %s", async (target) => {
    expect(await webhook.send(messageOf(told({})), "id", target)).toEqual({
      ok: false,
      permanent: true,
      error: "the address is private",
    });
  });

  it("is no place for another protocol", async () => {
    expect(await webhook.send(messageOf(told({})), "id", "ftp://example.com/x")).toMatchObject({ ok: false, permanent: true });
  });
});

describe("what a service says about later", () => {
  it.each([
    [429, "2", "", 2000],
    [429, null, '{"retry_after": 0.25}', 250],
    [429, null, '{"retry_after": 1.2.3}', 1200],
    [503, null, "", undefined],
  ])("%s with %s and %j", (status, header, body, ms) => {
    const { permanent, retryAfterMs } = deliveryOf(status, header, body) as { permanent: boolean; retryAfterMs?: number };
    expect({ permanent, retryAfterMs }).toEqual({ permanent: false, retryAfterMs: ms });
  });
});
