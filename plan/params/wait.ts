/** `params` of a task of kind `wait`: a condition of the outside world, how often it is looked at, and for how long. */
import { z } from "zod";
import { HttpExpectation } from "./http.ts";
import { command, headerMap, insidePath, webAddress, whole } from "./scalars.ts";

const hours48 = 48 * 3600;

export const WaitParams = z
  .strictObject({
    /** Met when the answer is as expected. */
    url: webAddress.optional(),
    headers: headerMap.default({}),
    expect: HttpExpectation.prefault({}),
    /** Met when it exists, and holds `contains` if that is given. */
    file: insidePath.optional(),
    contains: z.string().optional(),
    /** Met when it exits with 0. */
    command: command.optional(),
    cwd: z.string().optional(),
    env: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    /** Met when so much time has passed. */
    seconds: whole(1, 366 * 24 * 3600).optional(),
    /** Seconds to the second look; each further pause is `backoff` times as long, up to `mostSeconds`. */
    firstSeconds: z.coerce.number().positive().max(86_400).default(2),
    backoff: z.coerce.number().min(1).max(10).default(2),
    mostSeconds: z.coerce.number().positive().max(86_400).default(600),
    /** After so long a person is asked whether to go on waiting or to leave it out. */
    maxSeconds: z.coerce
      .number()
      .positive()
      .max(366 * 24 * 3600)
      .default(hours48),
  })
  .refine((wait) => [wait.url, wait.file, wait.command, wait.seconds].filter((what) => what !== undefined).length === 1, {
    error: "give exactly one of url, file, command or seconds",
  });
export type WaitParams = z.infer<typeof WaitParams>;
