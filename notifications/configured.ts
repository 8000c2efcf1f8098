/** The channels that the configuration names, and the overrides of their rules. */
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { LonghaulError } from "../orchestrator/domain/errors.ts";
import type { Channel } from "./channels/channel.ts";
import { createDiscord } from "./channels/discord.ts";
import { createEmail } from "./channels/email.ts";
import { createNtfy } from "./channels/ntfy.ts";
import { createSlack } from "./channels/slack.ts";
import { createVoice } from "./channels/voice.ts";
import { createWebhook } from "./channels/webhook.ts";
import { parseQuietHours, type QuietHours } from "./quiet-hours.ts";
import { type ChannelName, Overrides } from "./rules.ts";

export type NotificationConfig = Readonly<{
  voice: { url: string; voiceId: string | undefined } | undefined;
  ntfy: { url: string; topic: string; token: string | undefined } | undefined;
  discord: string | undefined;
  slack: string | undefined;
  email: { url: string; from: string; to: string } | undefined;
  webhook: { url: string | undefined; allowPrivate: boolean };
  quietHours: string | undefined;
}>;

/** All that can be used, and those that are told of every execution. */
export type ConfiguredChannels = { channels: Map<ChannelName, Channel>; standing: ChannelName[] };

/** @param webhookSecret signs webhooks */
export function configuredChannels(config: NotificationConfig, webhookSecret: string, now: () => number): ConfiguredChannels {
  const channels = new Map<ChannelName, Channel>();
  if (config.voice !== undefined) channels.set("voice", createVoice(config.voice));
  if (config.ntfy !== undefined) channels.set("push", createNtfy(config.ntfy));
  if (config.discord !== undefined) channels.set("discord", createDiscord(config.discord));
  if (config.slack !== undefined) channels.set("slack", createSlack(config.slack));
  if (config.email !== undefined) channels.set("email", createEmail(config.email));
  const standing = [...channels.keys(), ...(config.webhook.url === undefined ? [] : (["webhook"] as const))];
  channels.set("webhook", createWebhook({ ...config.webhook, secret: webhookSecret, now }));
  return { channels, standing };
}

/** @throws LonghaulError invalid_input naming the field of the file that is wrong */
export function readOverrides(file: string): Overrides {
  if (!existsSync(file)) return {};
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new LonghaulError("invalid_input", `${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const read = Overrides.safeParse(data);
  if (read.success) return read.data;
  throw new LonghaulError("invalid_input", `${file}: ${z.prettifyError(read.error)}`, {
    hint: 'For example {"task.completed": {"push": true}}; docs/notifications.md lists events and channels.',
  });
}

/** @throws LonghaulError invalid_input */
export function readQuietHours(text: string | undefined): QuietHours | undefined {
  if (text === undefined) return undefined;
  const hours = parseQuietHours(text, Intl.DateTimeFormat().resolvedOptions().timeZone);
  if (hours === undefined)
    throw new LonghaulError("invalid_input", `LONGHAUL_QUIET_HOURS: '${text}' is no span of hours`, {
      hint: "For example 22:00-07:00, or 22:00-07:00 Europe/Berlin.",
    });
  return hours;
}
