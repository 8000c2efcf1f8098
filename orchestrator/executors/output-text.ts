/** A command's output as `task.output` events: text, without secrets, up to a cap; behind the cap it is only in the file. */
import type { AttemptEvent } from "./executor.ts";
import type { Framer } from "./output.ts";
import { createRedactor } from "./redact.ts";

const largestEvent = 32 * 1024;

export type TextFramerOptions = {
  /** Bytes of the file that become events. */
  capBytes: number;
  secrets: readonly string[];
  /** Named in the event that says where the rest is. */
  logFile: string;
};

/**
 * Cuts output at line ends where it has some, never inside a character or a secret. All decisions are made on bytes (as Latin-1 text,
 * one character for each), so that offsets stay exact whatever the output holds; what is not UTF-8 shows as U+FFFD.
 */
export function createTextFramer({ capBytes, secrets, logFile }: TextFramerOptions): Framer {
  const redactor = createRedactor(secrets.map((secret) => Buffer.from(secret).toString("latin1")));

  function eventsOf(bytes: Buffer): AttemptEvent[] {
    const text = Buffer.from(redactor.redact(bytes.toString("latin1")), "latin1")
      .toString("utf8")
      .replaceAll("\0", "\u{FFFD}");
    const events: AttemptEvent[] = [];
    for (let at = 0; at < text.length; ) {
      const end = pieceEnd(text, at);
      events.push({ type: "task.output", data: { text: text.slice(at, end) } });
      at = end;
    }
    return events;
  }

  return {
    skipsFrom: (offset) => offset >= capBytes,
    take(bytes, offset, { flush, ended }) {
      const left = capBytes - offset;
      const reachesCap = bytes.length >= left;
      const room = reachesCap ? bytes.subarray(0, left) : bytes;
      if (ended && !reachesCap) return { length: bytes.length, events: eventsOf(bytes) };
      const length = characterStart(room, redactor.safeLength(room.toString("latin1"), flush || reachesCap));
      if (!reachesCap) return { length, events: eventsOf(room.subarray(0, length)) };
      const notice = {
        type: "task.output" as const,
        data: { text: `\n[further output is only in ${logFile}]\n`, truncated: true, logFile },
      };
      return { length: left, events: [...eventsOf(room.subarray(0, length)), notice] };
    },
  };
}

/** Moves a cut back to the start of the UTF-8 character that it would divide. */
function characterStart(bytes: Buffer, cut: number): number {
  for (let start = cut - 1; start >= 0 && start >= cut - 4; start -= 1) {
    const byte = bytes[start] as number;
    if (byte < 0x80) return cut;
    if (byte >= 0xc0) {
      const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return start + size > cut ? start : cut;
    }
  }
  return cut; // not UTF-8
}

/** End of a piece of at most `largestEvent` characters: behind a line if possible, never between surrogates. */
function pieceEnd(text: string, at: number): number {
  const end = at + largestEvent;
  if (end >= text.length) return text.length;
  const line = text.lastIndexOf("\n", end - 1) + 1;
  if (line > at) return line;
  const unit = text.charCodeAt(end - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? end - 1 : end;
}
