/** `params` of a task of kind `browser`: a page, what is done on it step by step, and what is taken from it. */
import { z } from "zod";
import { insidePath, truth, webAddress, whole } from "./scalars.ts";

const selector = z.string().trim().min(1).max(2000);
const fileName = z.string().regex(/^[\w-]{1,100}$/, "is a plain name without an ending");

const Step = z.union([
  z.strictObject({ goto: webAddress }),
  z.strictObject({ click: selector }),
  z.strictObject({ fill: selector, value: z.string() }),
  z.strictObject({ select: selector, value: z.string() }),
  z.strictObject({ press: z.string().min(1).max(50), on: selector.optional() }),
  /** Waits until it is to be seen. */
  z.strictObject({ waitFor: selector }),
  /** The page, or what the selector finds, has to hold this text. */
  z.strictObject({ expectText: z.string().min(1), in: selector.optional() }),
  z.strictObject({ expectAddress: z.string().min(1) }),
  z.strictObject({ screenshot: fileName, of: selector.optional() }),
  /** The texts (or an attribute) of everything that the selector finds, under a name in the result. */
  z.strictObject({ extract: fileName, from: selector, attribute: z.string().min(1).optional() }),
]);
export type BrowserStep = z.infer<typeof Step>;

export const BrowserParams = z.strictObject({
  url: webAddress,
  steps: z.array(Step).max(500).default([]),
  /** For each step. */
  timeoutSeconds: whole(1, 600).default(30),
  width: whole(200, 4000).default(1280),
  height: whole(200, 4000).default(800),
  /** Says that doing the steps twice does no harm: otherwise nothing is tried again once something was clicked. */
  idempotent: truth.default(false),
  /** A file of the workspace for what was extracted, as JSON; it is an artifact in any case. */
  saveAs: insidePath.optional(),
});
export type BrowserParams = z.infer<typeof BrowserParams>;

/** True for what may change something on the other side. */
export const isActing = (step: BrowserStep): boolean => "click" in step || "press" in step || "select" in step;
