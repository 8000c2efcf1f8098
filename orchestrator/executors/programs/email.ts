/**
 * Tasks of kind `email`. Nothing is sent before a person has approved exactly this message: without that the message is written to a file as it
 * would go out, and the task waits. The approval names a digest of everything in it, so a changed text or attachment asks again.
 */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { EmailParams } from "../../../plan/params/email.ts";
import type { Perform } from "./program.ts";
import { readFromWorkspace } from "./workspace-file.ts";

const connectMs = 30_000;
const shownCharacters = 4000;

export const performEmail: Perform<EmailParams> = async (params, around) => {
  const { workspace, settings, secrets, released } = around;
  const recipients = [...new Set([params.to, params.cc ?? [], params.bcc ?? []].flat().map((one) => one.toLowerCase()))];
  const most = Number(settings["mostRecipients"]);
  if (recipients.length > most) {
    return {
      status: "failed",
      failureClass: "permanent",
      message: `${recipients.length} recipients, at most ${most} are allowed (LONGHAUL_EMAIL_RECIPIENTS): Longhaul sends no bulk mail`,
    };
  }
  const text = params.text ?? (await readFromWorkspace(workspace, params.textFile ?? "")).toString("utf8");
  const attachments = await Promise.all(
    params.attachments.map(async (path) => ({ filename: basename(path), content: await readFromWorkspace(workspace, path) })),
  );
  const { textFile: _file, attachments: _paths, ...fields } = params;
  const message = { from: String(settings["from"]), ...fields, text };
  const digest = createHash("sha256").update(JSON.stringify(message));
  for (const { filename, content } of attachments) digest.update(`\0${filename}\0${content.length}\0`).update(content);
  const name = `send-email:${digest.digest("hex").slice(0, 32)}`;
  const whole = { ...message, attachments, messageId: `<${around.idempotencyKey}.${name.slice(-32)}@longhaul>` };

  const { createTransport } = await import("nodemailer");
  if (!released.includes(name)) {
    const rendered = await createTransport({ streamTransport: true, newline: "unix" }).sendMail(whole);
    const raw = rendered.message as unknown as NodeJS.ReadableStream;
    await writeFile(join(around.artifacts, "message.eml"), await buffer(raw), { mode: 0o600 });
    const what = `To ${recipients.join(", ")}: ${params.subject}`;
    around.say(`Not sent yet. ${what}\n\n${text.slice(0, shownCharacters)}`);
    return {
      status: "succeeded",
      message: `A message is ready and waits for approval. ${what}`,
      artifacts: [{ name: "message.eml", mediaType: "message/rfc822" }],
      approve: {
        name,
        detail: {
          from: message.from,
          to: params.to,
          cc: params.cc ?? [],
          bcc: params.bcc ?? [],
          subject: params.subject,
          text: text.slice(0, shownCharacters),
          attachments: attachments.map(({ filename, content }) => `${filename} (${content.length} bytes)`),
        },
      },
    };
  }
  const timeouts = { connectionTimeout: connectMs, greetingTimeout: connectMs, socketTimeout: connectMs };
  const transport = createTransport(secrets["smtp"] ?? "", timeouts as object);
  around.acting();
  try {
    const sent = await transport.sendMail(whole);
    const refused = sent.rejected.map(String);
    const rest = refused.length === 0 ? "" : `; refused: ${refused.join(", ")}`;
    return { status: "succeeded", message: `sent to ${sent.accepted.length} of ${recipients.length}${rest}: ${sent.response}` };
  } catch (error) {
    const { responseCode, command, message: why } = error as { responseCode?: number; command?: string; message: string };
    const said = `the mail server did not take it: ${why}`;
    // Lost between the end of the message and the server's answer: it may be on its way.
    if (responseCode === undefined && command === "DATA") return { status: "failed", message: said, unknown: true };
    return { status: "failed", failureClass: (responseCode ?? 0) >= 500 ? "permanent" : "transient", message: said };
  }
};
