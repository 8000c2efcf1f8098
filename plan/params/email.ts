/** `params` of a task of kind `email`: one message to few people. How many is the node's to say. */
import { z } from "zod";
import { insidePath } from "./scalars.ts";

const address = z.string().trim().pipe(z.email("is not a mail address"));
const addresses = z.union([address.transform((one) => [one]), z.array(address).min(1)]);

export const EmailParams = z
  .strictObject({
    to: addresses,
    cc: addresses.optional(),
    bcc: addresses.optional(),
    replyTo: address.optional(),
    subject: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .refine((text) => !/[\r\n]/.test(text), { error: "a subject is one line" }),
    text: z.string().min(1).optional(),
    /** A file of the workspace that holds the text. */
    textFile: insidePath.optional(),
    html: z.string().min(1).optional(),
    attachments: z.array(insidePath).max(20).default([]),
  })
  .refine(({ text, textFile }) => (text === undefined) !== (textFile === undefined), { error: "give text or textFile" });
export type EmailParams = z.infer<typeof EmailParams>;
