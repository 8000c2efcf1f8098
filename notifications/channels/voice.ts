/** A voice server on this machine or in the house: `POST /notify {message, title, voice_id}`. */
import { type Channel, post } from "./channel.ts";

export const createVoice = ({ url, voiceId }: { url: string; voiceId: string | undefined }): Channel => ({
  send: ({ spoken, title }) =>
    post(new URL("notify", url.endsWith("/") ? url : `${url}/`).href, {
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ message: spoken, title, ...(voiceId === undefined ? {} : { voice_id: voiceId }) }),
    }),
});
