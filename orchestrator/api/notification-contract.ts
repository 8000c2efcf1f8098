/** What was told to whom. */
import { z } from "@hono/zod-openapi";

export const NotificationList = z
  .object({
    channels: z.array(z.string()),
    notifications: z.array(
      z.object({
        id: z.string(),
        executionId: z.string(),
        channel: z.string(),
        type: z.string(),
        title: z.string(),
        status: z.enum(["queued", "sending", "sent", "failed", "suppressed"]),
        tries: z.number().int(),
        error: z.string().nullable(),
        createdAt: z.string(),
        sentAt: z.string().nullable(),
      }),
    ),
  })
  .openapi("NotificationList");
export type NotificationList = z.infer<typeof NotificationList>;

export const NotificationTest = z
  .object({ channels: z.array(z.object({ channel: z.string(), ok: z.boolean(), error: z.string().nullable() })) })
  .openapi("NotificationTest");
export type NotificationTest = z.infer<typeof NotificationTest>;
