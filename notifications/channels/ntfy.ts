/** ntfy (docs.ntfy.sh/publish): published as JSON, because headers cannot hold every character. Its buttons post to the approval's page,
 * and a later message with the same sequence id takes the place of the earlier one (ntfy 2.16; older servers show both). */
import { type Channel, post } from "./channel.ts";

export const createNtfy = ({ url, topic, token }: { url: string; topic: string; token: string | undefined }): Channel => ({
  send: ({ title, body, priority, tags, click, buttons, thread }) =>
    post(url, {
      headers: { "content-type": "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({
        topic,
        title,
        message: body,
        priority,
        tags,
        ...(thread === null ? {} : { sequence_id: thread }),
        ...(click === null ? {} : { click }),
        ...(buttons.length === 0
          ? {}
          : {
              actions: buttons.map(({ label, url: address, body: form }) => ({
                action: "http",
                label,
                url: address,
                method: "POST",
                headers: { "Content-Type": "application/x-www-form-urlencoded" },
                body: form,
                clear: true,
              })),
            }),
      }),
    }),
});
