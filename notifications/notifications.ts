/** Puts the parts of notifications together as one orchestrator needs them. */
import { join } from "node:path";
import type { NotificationStore } from "../orchestrator/store/notifications.ts";
import { configuredChannels, type NotificationConfig, readOverrides, readQuietHours } from "./configured.ts";
import { Notifier, type NotifierOptions } from "./notifier.ts";
import type { ChannelName } from "./rules.ts";

export type NotificationOptions = Pick<NotifierOptions, "linkOf" | "onError"> & {
  config: NotificationConfig;
  home: string;
  store: NotificationStore;
  /** Signs webhooks. */
  webhookSecret: string;
};

export type Notifications = { notifier: Notifier; store: NotificationStore; channels: ChannelName[] };

/** @throws LonghaulError invalid_input naming what is wrong in the configuration */
export function createNotifications({ config, home, store, webhookSecret, linkOf, onError }: NotificationOptions): Notifications {
  const { channels, standing } = configuredChannels(config, webhookSecret, Date.now);
  const notifier = new Notifier({
    store,
    channels,
    standing,
    overrides: readOverrides(join(home, "notifications.json")),
    quietHours: readQuietHours(config.quietHours),
    linkOf,
    onError,
    now: Date.now,
    random: Math.random,
  });
  return { notifier, store, channels: standing };
}
