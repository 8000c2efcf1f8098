/** Values of `params`: scalars of a YAML plan come as text, so numbers and truths are taken as text too. */
import { z } from "zod";

export const truth = z.union([z.boolean(), z.stringbool({ truthy: ["true", "yes"], falsy: ["false", "no"] })]);

export const whole = (minimum: number, maximum: number) => z.coerce.number().int().min(minimum).max(maximum);

/** A path inside the workspace. */
export const insidePath = z
  .string()
  .min(1)
  .max(4096)
  .refine((path) => !path.includes("\0") && !/^(?:[/\\~]|[A-Za-z]:)/.test(path) && !path.split(/[\\/]/).includes(".."), {
    error: "must be a path inside the workspace, without '..'",
  });

export const webAddress = z
  .string()
  .max(8192)
  .refine((text) => isWebAddress(text), { error: "must be an http:// or https:// address without a user name in it" });

/** Headers as names and texts; numbers become text. */
export const headerMap = z.record(
  z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "is not the name of a header"),
  z
    .union([z.string(), z.number()])
    .transform(String)
    .refine((value) => !/[\r\n\0]/.test(value), { error: "a header has no line breaks" }),
);

/** One program and its arguments, or a text for the shell. */
export const command = z.union([z.string().trim().min(1), z.array(z.string()).min(1)]);

function isWebAddress(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}
