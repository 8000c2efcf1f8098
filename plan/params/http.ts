/** `params` of a task of kind `http`: one request, and what its answer must be. */
import { z } from "zod";
import { headerMap, insidePath, truth, webAddress, whole } from "./scalars.ts";

const status = z.union([whole(100, 599), z.string().regex(/^[1-5]xx$/, "must be a status such as 201, or a class such as 2xx")]);

export const HttpExpectation = z.strictObject({
  /** One or several; any 2xx without it. */
  status: z.union([status, z.array(status).min(1)]).optional(),
  /** What the JSON of the answer must hold at least: objects may have more fields, lists are compared item by item. */
  json: z.unknown().optional(),
  /** A text that the body must hold. */
  text: z.string().optional(),
});
export type HttpExpectation = z.infer<typeof HttpExpectation>;

export const HttpParams = z
  .strictObject({
    url: webAddress,
    method: z
      .string()
      .transform((text) => text.toUpperCase())
      .pipe(z.enum(["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]))
      .default("GET"),
    headers: headerMap.default({}),
    /** Sent as JSON; a text that is JSON already is sent as it is. */
    json: z.unknown().optional(),
    /** Sent as it is. */
    body: z.string().optional(),
    expect: HttpExpectation.prefault({}),
    timeoutSeconds: whole(1, 3600).default(60),
    /** Says that the service does nothing twice for one Idempotency-Key, so that a request whose fate is unknown may be sent again. */
    idempotent: truth.optional(),
    /** Also writes the body of the answer to this file of the workspace. */
    saveAs: insidePath.optional(),
  })
  .refine(({ json, body }) => json === undefined || body === undefined, { error: "give json or body, not both" })
  .refine(({ method, json, body }) => !["GET", "HEAD"].includes(method) || (json === undefined && body === undefined), {
    error: "a GET or HEAD has no body: write method: POST",
  });
export type HttpParams = z.infer<typeof HttpParams>;

/** True where sending it twice does what sending it once does (RFC 9110), or the plan says so. */
export const isRepeatableRequest = ({ method, idempotent }: HttpParams): boolean =>
  idempotent ?? !["POST", "PATCH"].includes(method);
