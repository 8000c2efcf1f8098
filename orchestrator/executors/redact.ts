/**
 * Keeps secrets out of what is recorded: values that are known to be secret, and texts that have the shape of one.
 *
 * Output comes in pieces, and a secret that is cut in two is not recognised in either. `safeLength` says how much of the text at hand can
 * be recorded without cutting one: up to the last line end if it can be had, and never behind the start of something that goes on.
 */

/** Shapes of credentials. Each match is replaced whole, or by its first group plus the mask where it has one. */
const shapes: RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\bsk-[A-Za-z0-9_-]{20,}/g,
  /\bgh[pousr]_[A-Za-z0-9]{20,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /\bxapp-\d-[A-Za-z0-9-]{10,}/g,
  /\b[rsp]k_(?:live|test)_[A-Za-z0-9]{10,}/g,
  /\bAIza[A-Za-z0-9_-]{35}/g,
  /\bnpm_[A-Za-z0-9]{30,}/g,
  /\bglpat-[A-Za-z0-9_-]{16,}/g,
  /\bhf_[A-Za-z0-9]{30,}/g,
  /\blh[aj]_[A-Za-z0-9_-]{43}/g,
  /\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
  /(hooks\.slack\.com\/services\/)[A-Za-z0-9/_-]+/g,
  /(discord(?:app)?\.com\/api\/webhooks\/)[A-Za-z0-9/_-]+/g,
  /(\bBasic[ \t]+)[A-Za-z0-9+/]{12,}={0,2}/g,
  /(\bBearer[ \t]+)[A-Za-z0-9._~+/-]{12,}=*/gi,
  /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/gi,
];
const keyStart = /-----BEGIN [A-Z ]*PRIVATE KEY-----/g;
const keyEnd = /-----END [A-Z ]*PRIVATE KEY-----/;
const bearerWaiting = /\bBearer[ \t]+$/i;

const mask = "[redacted]";
/** Shorter values are words, not secrets: masking them would eat half of the output. */
const shortestSecret = 6;
/** A text without a line end is cut here, a private key without an end is given up on here. */
const longestHeld = 32 * 1024;
/** Room for a secret at the end of a text that has no white space to cut at. */
const heldTail = 4096;

export type Redactor = {
  redact(text: string): string;
  /**
   * Length of the beginning of `text` that can be redacted on its own. 0 means: wait for more.
   * @param flush the text will not go on soon, so a line without an end is taken too
   */
  safeLength(text: string, flush: boolean): number;
};

/** @param secrets values that must never be recorded; short ones are ignored */
export function createRedactor(secrets: readonly string[] = []): Redactor {
  const known = secrets.filter((secret) => secret.length >= shortestSecret).toSorted((a, b) => b.length - a.length);

  function redact(text: string): string {
    let result = text;
    for (const secret of known) result = result.replaceAll(secret, mask);
    for (const shape of shapes)
      result = result.replace(shape, (_match, prefix: unknown) => (typeof prefix === "string" ? prefix + mask : mask));
    return result;
  }

  function safeLength(text: string, flush: boolean): number {
    let cut = text.lastIndexOf("\n") + 1;
    if (flush) cut = text.length;
    else if (cut === 0 && text.length > longestHeld) {
      const space = Math.max(text.lastIndexOf(" "), text.lastIndexOf("\t")) + 1;
      cut = text.length - space < heldTail ? space : text.length - heldTail;
    }
    return beforeBeginnings(text, cut);
  }

  /** Moves the cut in front of everything that begins before it and may go on behind it. */
  function beforeBeginnings(text: string, wanted: number): number {
    let cut = wanted;
    const waiting = bearerWaiting.exec(text.slice(Math.max(0, cut - 64), cut));
    if (waiting !== null) cut -= waiting[0].length;
    for (const secret of known) {
      const head = text.slice(0, cut);
      for (let length = Math.min(secret.length - 1, cut); length > 0; length -= 1) {
        if (!secret.startsWith(head.slice(cut - length))) continue;
        const rest = secret.slice(length);
        if (!rest.startsWith(text.slice(cut, cut + rest.length))) continue;
        cut -= length;
        break;
      }
    }
    const start = [...text.slice(0, cut).matchAll(keyStart)].at(-1)?.index;
    if (start !== undefined && !keyEnd.test(text.slice(start, cut)) && text.length - start < longestHeld) cut = start;
    return cut;
  }

  return { redact, safeLength };
}

const shapesOnly = createRedactor();

/** Masks known secrets and everything that has the shape of one in a text that is complete. */
export function redact(text: string, secrets: readonly string[] = []): string {
  return (secrets.length === 0 ? shapesOnly : createRedactor(secrets)).redact(text);
}
