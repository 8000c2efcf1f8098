import { PlanError } from "./plan-error.ts";

export type Warning = { code: string; text: string; line?: number; file?: string; fix?: string };

/** The text of one file, with what was found out about its bytes. Lines end in `\n`; their count is that of the file. */
export type SourceText = {
  file: string;
  text: string;
  bytes: number;
  eol: "lf" | "crlf" | "cr" | "mixed" | "none";
  bom: boolean;
  encoding: "utf-8" | "utf-16le" | "utf-16be";
  warnings: Warning[];
};

const signatures: [kind: string, bytes: number[]][] = [
  ["a PNG image", [0x89, 0x50, 0x4e, 0x47]],
  ["a JPEG image", [0xff, 0xd8, 0xff]],
  ["a GIF image", [0x47, 0x49, 0x46, 0x38]],
  ["a PDF document", [0x25, 0x50, 0x44, 0x46]],
  ["a ZIP archive (or an Office document)", [0x50, 0x4b, 0x03, 0x04]],
  ["a gzip archive", [0x1f, 0x8b]],
  ["a 7-Zip archive", [0x37, 0x7a, 0xbc, 0xaf]],
  ["a Zstandard archive", [0x28, 0xb5, 0x2f, 0xfd]],
  ["an ELF program", [0x7f, 0x45, 0x4c, 0x46]],
  ["a Windows program", [0x4d, 0x5a, 0x90, 0x00]],
  ["an SQLite database", [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65, 0x20, 0x66]],
];

/** Sequences that appear when UTF-8 was read as Windows-1252 and saved again: "â€”", "Ã©". */
const mojibake = /â€[\u0080-\u00bf\u2018-\u201d\u2020-\u2026\u0152\u0153\u017e\u02dc\u2122™œ“”]|Ã[\u0080-\u00bf]/;

/**
 * Decodes a file, refusing what is not text. UTF-16 is told by its byte order mark and noted; without one it is refused, because
 * guessing the order of bytes can turn one plan into another.
 */
export function decodeSource(input: Uint8Array | string, file: string): SourceText {
  if (typeof input === "string") return finish(input, { file, bytes: Buffer.byteLength(input), encoding: "utf-8", warnings: [] });
  refuseBinary(input, file);
  const base = { file, bytes: input.byteLength, warnings: [] as Warning[] };
  const utf16 = utf16ByMark(input);
  if (utf16) {
    const text = new TextDecoder(utf16, { ignoreBOM: true }).decode(input);
    base.warnings.push({
      code: "utf-16",
      line: 1,
      text: `The file is ${utf16.toUpperCase()}; it was read by its byte order mark.`,
      fix: "Save it as UTF-8 so that other tools read it too.",
    });
    return finish(text, { ...base, encoding: utf16 });
  }
  const nul = input.indexOf(0);
  if (nul >= 0) refuseNul(input, nul, file);
  return finish(decodeUtf8(input, base.warnings), { ...base, encoding: "utf-8" });
}

function finish(raw: string, base: Pick<SourceText, "file" | "bytes" | "encoding" | "warnings">): SourceText {
  const bom = raw.startsWith("\ufeff");
  const body = bom ? raw.slice(1) : raw;
  const nul = body.indexOf("\0");
  if (nul >= 0) {
    throw new PlanError([
      { code: "binary", message: `${base.file || "The input"} contains a NUL character: it is not text.`, ...at(body, nul) },
    ]);
  }
  const text = body.includes("\r") ? body.replace(/\r\n?/g, "\n") : body;
  const warnings = [...base.warnings];
  const broken = mojibake.exec(text);
  if (broken) {
    const { line, column } = at(text, broken.index);
    warnings.push({
      code: "mojibake",
      line,
      text: `Line ${line}, column ${column} holds "${broken[0]}": this text was saved with the wrong encoding. It is kept as it is.`,
      fix: "Restore the file from before the damage, or replace the broken characters; ids are never repaired silently.",
    });
  }
  return { ...base, text, bom, eol: eolOf(body), warnings };
}

function decodeUtf8(input: Uint8Array, warnings: Warning[]): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(input);
  } catch {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(input);
    const { line, column } = at(text.replace(/\r\n?/g, "\n"), Math.max(0, text.replace(/\r\n?/g, "\n").indexOf("\ufffd")));
    warnings.push({
      code: "bad-utf-8",
      line,
      text: `Line ${line}, column ${column} is not valid UTF-8; the bytes were replaced by "\ufffd".`,
      fix: "Save the file as UTF-8.",
    });
    return text;
  }
}

function utf16ByMark(input: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if (input[0] === 0xff && input[1] === 0xfe) return "utf-16le";
  if (input[0] === 0xfe && input[1] === 0xff) return "utf-16be";
  return undefined;
}

function refuseBinary(input: Uint8Array, file: string): void {
  const found = signatures.find(([, bytes]) => bytes.every((byte, index) => input[index] === byte));
  if (!found) return;
  throw new PlanError([
    {
      code: "binary",
      file,
      line: 1,
      column: 1,
      message: `${name(file)} is ${found[0]}, not a plan.`,
      fix: "Hand over the plan's text.",
    },
  ]);
}

function refuseNul(input: Uint8Array, nul: number, file: string): never {
  const sample = input.subarray(0, 4096);
  const nuls = sample.filter((byte) => byte === 0).length;
  const looksUtf16 = nuls > sample.length / 4;
  const message = looksUtf16
    ? `${name(file)} looks like UTF-16 without a byte order mark, so its byte order is unknown.`
    : `${name(file)} contains a NUL byte at offset ${nul}: it is not text.`;
  const fix = looksUtf16 ? "Save it as UTF-8, or as UTF-16 with a byte order mark." : "Hand over the plan's text.";
  throw new PlanError([{ code: "binary", file, line: 1, column: 1, message, fix }]);
}

function eolOf(text: string): SourceText["eol"] {
  const crlf = text.match(/\r\n/g)?.length ?? 0;
  const lf = (text.match(/\n/g)?.length ?? 0) - crlf;
  const cr = (text.match(/\r/g)?.length ?? 0) - crlf;
  const kinds = [crlf > 0, lf > 0, cr > 0].filter(Boolean).length;
  if (kinds === 0) return "none";
  if (kinds > 1) return "mixed";
  return crlf > 0 ? "crlf" : lf > 0 ? "lf" : "cr";
}

/** Line and column, counted from 1, of an offset in a text whose lines end in `\n`. */
export function at(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf("\n") + 1;
  let line = 1;
  for (let index = before.indexOf("\n"); index >= 0; index = before.indexOf("\n", index + 1)) line++;
  return { line, column: offset - start + 1 };
}

function name(file: string): string {
  return file || "The input";
}
