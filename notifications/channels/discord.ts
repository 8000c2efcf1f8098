/** A Discord webhook. `allowed_mentions` is empty: a task's title must not wake everybody. */
import { type Channel, post } from "./channel.ts";

const colours = { 1: 0x808080, 2: 0x2e7d32, 3: 0x1565c0, 4: 0xe65100, 5: 0xb71c1c } as const;

export const createDiscord = (webhook: string): Channel => ({
  send: ({ title, body, priority, click, at }) =>
    post(webhook, {
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        embeds: [
          {
            title: title.slice(0, 256),
            description: body,
            color: colours[priority],
            timestamp: at,
            ...(click === null ? {} : { url: click }),
          },
        ],
        allowed_mentions: { parse: [] },
      }),
    }),
});
