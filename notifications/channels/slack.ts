/** A Slack incoming webhook. What tasks wrote is escaped as Slack asks, so that it mentions nobody and links nowhere. */
import { type Channel, post } from "./channel.ts";

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const escape = (text: string) => text.replace(/[&<>]/g, (character) => entities[character] as string);

export const createSlack = (webhook: string): Channel => ({
  send: ({ title, body, click }) => {
    const text = `*${escape(title)}*\n${escape(body)}${click === null ? "" : `\n<${click}|Look and decide>`}`;
    return post(webhook, {
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        text: escape(title),
        blocks: [{ type: "section", text: { type: "mrkdwn", text: text.slice(0, 3000) } }],
      }),
    });
  },
});
