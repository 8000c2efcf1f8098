/** Mail through an SMTP server. The message keeps its id over all tries, by which mailboxes drop a second copy. */
import type { Transporter } from "nodemailer";
import { type Channel, timeoutMs } from "./channel.ts";

export function createEmail({ url, from, to }: { url: string; from: string; to: string }): Channel {
  let transport: Promise<Transporter> | undefined;
  return {
    async send({ title, body, click }, id) {
      transport ??= import("nodemailer").then(({ createTransport }) =>
        createTransport(url, { connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs } as object),
      );
      const text = click === null ? body : `${body}\n\nLook and decide: ${click}`;
      try {
        await (await transport).sendMail({ from, to, subject: title, text, messageId: `<${id}@longhaul>` });
        return { ok: true };
      } catch (error) {
        const code = (error as { responseCode?: number }).responseCode;
        return code === undefined
          ? { ok: false, permanent: false, unreachable: true, error: "no connection to the mail server" }
          : { ok: false, permanent: code >= 500, error: `the mail server answered ${code}` };
      }
    },
  };
}
