import { type Document, isMap, isPair, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { jsonFault } from "./json-fault.ts";
import { PlanError } from "./plan-error.ts";
import { at } from "./source-text.ts";

const maxDepth = 64;

/** Reads JSON, naming line, column, the text around the error and the usual causes. */
export function readJson(text: string, file: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    refuseDepth(value, file);
    return value;
  } catch (error) {
    if (error instanceof PlanError) throw error;
    throw jsonError(text, file);
  }
}

function jsonError(text: string, file: string): PlanError {
  const offset = jsonFault(text);
  const { line, column } = at(text, offset);
  const near = (text.split("\n")[line - 1] ?? "").slice(Math.max(0, column - 30), column + 30).trim();
  const [what, fix] = jsonCause(text, offset);
  return new PlanError([
    {
      code: "json",
      message: `This is not valid JSON: ${what} at line ${line}, column ${column}, near "${near}".`,
      ...(file && { file }),
      line,
      column,
      fix,
    },
  ]);
}

function jsonCause(text: string, offset: number): [what: string, fix: string] {
  const before = text.slice(0, offset).trimEnd();
  const rest = text.slice(offset);
  if (/^\/[/*]/.test(rest) || before.endsWith("/")) return ["a comment", "Remove the comment; JSON has none."];
  if (/^[}\]]/.test(rest) && before.endsWith(",")) return ["a trailing comma", "Remove the comma before the bracket."];
  if (rest.startsWith("'")) return ["a text in single quotes", "Use double quotes."];
  if (rest.trim() === "") return ["the text ends too early", "Close the open brackets and quotes; the file may be cut off."];
  if (/^[A-Za-z_$][\w$]*\s*:/.test(rest)) return ["a key without quotes", "Put the key in double quotes."];
  return [`an unexpected "${String.fromCodePoint(rest.codePointAt(0) ?? 0x20)}"`, "Correct the text there."];
}

/** Merge conflict markers mean that the file is two plans at once. */
export function refuseConflictMarkers(text: string, file: string): void {
  if (!/^<{7} /m.test(text) || !/^>{7} /m.test(text)) return;
  const lines = text.split("\n").flatMap((line, index) => (/^(?:<{7} |={7}$|>{7} )/.test(line) ? [index + 1] : []));
  throw new PlanError([
    {
      code: "conflict-markers",
      message: `The file holds merge conflict markers (lines ${lines.join(", ")}): it is two versions of a plan at once.`,
      ...(file && { file }),
      ...(lines[0] !== undefined && { line: lines[0] }),
      column: 1,
      fix: "Resolve the conflict first.",
    },
  ]);
}

function refuseDepth(value: unknown, file: string): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) {
      throw new PlanError([
        {
          code: "too-deep",
          message: `The data is nested more than ${maxDepth} levels deep.`,
          ...(file && { file }),
          line: 1,
          column: 1,
          fix: "Flatten it.",
        },
      ]);
    }
    level = level.flatMap((item) => (item !== null && typeof item === "object" ? Object.values(item) : []));
  }
}

export type YamlText = { value: unknown; lineOf: (path: (string | number)[]) => number | undefined };

/** Reads YAML 1.2 with plain scalars kept as text, since `02`, `14.10` and `4-01` are names here and not numbers. */
export function readYaml(text: string, file: string, lineOffset = 0): YamlText {
  const counter = new LineCounter();
  try {
    const document = parseDocument(text, { schema: "failsafe", lineCounter: counter, uniqueKeys: false, logLevel: "silent" });
    const [error] = document.errors;
    if (error) {
      const { line, col } = counter.linePos(error.pos[0]);
      throw yamlError(error.message.split("\n")[0] ?? "", file, line + lineOffset, col);
    }
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    refuseDepth(value, file);
    return { value: emptyToNull(value), lineOf: (path) => lineAt(document, counter, path, lineOffset) };
  } catch (error) {
    if (error instanceof PlanError) throw error;
    throw yamlError(error instanceof Error ? error.message : String(error), file, 1 + lineOffset, 1);
  }
}

function yamlError(reason: string, file: string, line: number, column: number): PlanError {
  const message = `This is not valid YAML: ${reason.replace(/\.?\s*$/, "")} (line ${line}, column ${column}).`;
  return new PlanError([{ code: "yaml", message, ...(file && { file }), line, column, fix: "Correct the text there." }]);
}

/** The failsafe schema leaves `key:` as an empty text. */
function emptyToNull(value: unknown): unknown {
  if (value === "" || value === "~" || value === "null") return null;
  if (Array.isArray(value)) return value.map(emptyToNull);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, emptyToNull(item)]));
}

function lineAt(document: Document, counter: LineCounter, path: (string | number)[], offset: number): number | undefined {
  let node = document.contents as Node | null;
  for (const step of path) {
    if (isMap(node))
      node = (node.items.find((pair) => isPair(pair) && String(pair.key) === String(step))?.value as Node | undefined) ?? null;
    else if (isSeq(node)) node = (node.items[Number(step)] as Node | undefined) ?? null;
    else return undefined;
  }
  const start = node?.range?.[0];
  return start === undefined ? undefined : counter.linePos(start).line + offset;
}

export type FrontMatter = { data: Record<string, unknown> | undefined; body: string; error?: PlanError; endLine: number };

/** Splits the YAML between two `---` lines from the start of a text. The body keeps its line numbers. */
export function splitFrontMatter(text: string): FrontMatter {
  const found = /^\s*?---[ \t]*\n([\s\S]*?)\n(?:---|\.\.\.)[ \t]*(?=\n|$)/.exec(text);
  if (!found) return { data: undefined, body: text, endLine: 0 };
  const lines = found[0].split("\n").length;
  const body = "\n".repeat(lines - 1) + text.slice(found[0].length);
  try {
    const { value } = readYaml(found[1] ?? "", "", 1);
    if (value !== null && (typeof value !== "object" || Array.isArray(value))) return { data: undefined, body: text, endLine: 0 };
    return { data: (value ?? {}) as Record<string, unknown>, body, endLine: lines };
  } catch (error) {
    if (error instanceof PlanError) return { data: undefined, body, error, endLine: lines };
    throw error;
  }
}
