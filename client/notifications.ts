/** Calls about notifications. */
import type { NotificationList, NotificationTest } from "../orchestrator/api/notification-contract.ts";
import type { Client } from "./client.ts";

export const notifications = (client: Client, limit = 50): Promise<NotificationList> =>
  client.ask({ method: "GET", path: `/api/notifications?limit=${limit}` });

export const testNotifications = (client: Client, channel?: string): Promise<NotificationTest> =>
  client.ask({ method: "POST", path: "/api/notifications/test", body: channel === undefined ? {} : { channel } });
