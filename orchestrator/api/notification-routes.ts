/** What was told, and a test of the channels. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Notifications } from "../../notifications/notifications.ts";
import { channelNames } from "../../notifications/rules.ts";
import type { Feature } from "./door-env.ts";
import { NotificationList, NotificationTest } from "./notification-contract.ts";
import { jsonAnswer, jsonBody, refusals, withBody } from "./operation.ts";

const tags = ["notifications"];

const listRoute = createRoute({
  method: "get",
  path: "/api/notifications",
  operationId: "listNotifications",
  tags,
  summary: "What was told to whom, newest first",
  request: { query: z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) }) },
  responses: { 200: jsonAnswer(NotificationList, "Messages and the configured channels."), ...refusals() },
});

const testRoute = createRoute({
  method: "post",
  path: "/api/notifications/test",
  operationId: "testNotifications",
  tags,
  summary: "Send a test message now",
  request: { body: jsonBody(z.object({ channel: z.enum(channelNames).optional() }).strict(), false) },
  responses: { 200: jsonAnswer(NotificationTest, "What each service said."), ...refusals(...withBody) },
});

export function notificationRoutes({ store, notifier, channels }: Notifications): Feature {
  return (app) => {
    app.openapi(listRoute, async (c) => {
      const rows = await store.list(c.req.valid("query").limit);
      const notifications = rows.map((row) => ({
        id: row.id,
        executionId: row.execution_id,
        channel: row.channel,
        type: row.type,
        title: row.title,
        status: row.status as NotificationList["notifications"][number]["status"],
        tries: row.tries,
        error: row.error,
        createdAt: row.created_at.toISOString(),
        sentAt: row.sent_at?.toISOString() ?? null,
      }));
      return c.json({ channels, notifications }, 200);
    });
    app.openapi(testRoute, async (c) => {
      const { channel } = c.req.valid("json");
      const tested = await Promise.all(
        (channel === undefined ? channels : [channel]).map(async (name) => {
          const error = await notifier.test(name);
          return { channel: name, ok: error === null, error };
        }),
      );
      return c.json({ channels: tested }, 200);
    });
  };
}
