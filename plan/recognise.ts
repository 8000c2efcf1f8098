/** Which format a file is in. Every candidate states its confidence and why; the most confident one reads the file unless a name is given. */

import { readers } from "./formats/readers.ts";
import type { Source } from "./formats/source.ts";
import { PlanError } from "./plan-error.ts";
import { dataCandidates, looksStructured } from "./recognise-data.ts";
import { markdownCandidates } from "./recognise-markdown.ts";
import type { Recognised } from "./recognised.ts";

/** The format of a file; `wanted` overrides what is found. */
export function recognise(source: Source, wanted?: string): Recognised {
  if (wanted !== undefined) {
    if (Object.hasOwn(readers, wanted)) return { name: wanted, confidence: 1, why: "asked for" };
    throw new PlanError([
      {
        code: "unknown-format",
        message: `There is no format "${wanted}".`,
        fix: `Use one of: ${Object.keys(readers).join(", ")}.`,
      },
    ]);
  }
  const found = looksStructured(source) ? dataCandidates(source) : markdownCandidates(source);
  return found.sort((a, b) => b.confidence - a.confidence)[0] as Recognised;
}
