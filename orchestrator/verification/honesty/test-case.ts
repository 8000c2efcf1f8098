/** Tests as they are found in a file, whatever the language. */
import { type Assertion, assertionsIn, literalsIn, namesIn } from "./assertion.ts";
import type { Found } from "./found-test.ts";
import { javascriptTests } from "./javascript-tests.ts";
import { pythonTests } from "./python-tests.ts";
import { rustTests } from "./rust-tests.ts";
import { closing, indentedEnd, languageOf, readSource, type SourceText } from "./source-text.ts";

export type TestCase = {
  file: string;
  name: string;
  inactive: boolean;
  focused: boolean;
  assertions: Assertion[];
  /** Values of each row of its table. */
  rows: string[][];
  literals: Set<string>;
  names: Set<string>;
  /** Catches of what an assertion throws, and parts that never run. */
  swallows: number;
  body: string;
};

export type TestFile = { path: string; tests: TestCase[]; comments: string };

const readers = { javascript: javascriptTests, python: pythonTests, rust: rustTests };
const helper: Readonly<Record<SourceText["language"], RegExp>> = {
  javascript: /\b(?:function\s+(\w+)\s*\(|(?:const|let)\s+(\w+)\s*=\s*(?:async\s*)?\()/g,
  python: /^[ \t]*(?:async )?def (\w+)\s*\(/gm,
  rust: /\bfn\s+(\w+)\s*(?:<[^>]*>)?\(/g,
};

export function testsIn(path: string, text: string): TestFile {
  const language = languageOf(path);
  if (language === undefined || path.endsWith(".json")) return { path, tests: [], comments: "" };
  const source = readSource(text, language);
  const found = readers[language](source, path);
  const helpers = helpersIn(source, found);
  return { path, comments: source.comments, tests: found.map((one) => testOf(path, source, one, helpers)) };
}

/** Functions that tests call to assert something: their bodies count as the test's. */
function helpersIn(source: SourceText, tests: Found[]): Map<string, [number, number]> {
  const helpers = new Map<string, [number, number]>();
  for (const match of source.bare.matchAll(helper[source.language])) {
    const name = match[1] ?? match[2] ?? "";
    if (tests.some(({ at, end }) => match.index >= at && match.index < end) || /^test/.test(name)) continue;
    const open = source.language === "python" ? match.index : source.bare.indexOf("(", match.index);
    const body = source.language === "python" ? indentedEnd(source.bare, match.index) : bodyEnd(source.bare, open);
    if (assertionsIn(source, open, body).length > 0) helpers.set(name, [open, body]);
  }
  return helpers;
}

function bodyEnd(bare: string, open: number): number {
  const after = closing(bare, open);
  const brace = bare.indexOf("{", after);
  const line = bare.indexOf("\n", after);
  return brace >= 0 && (line < 0 || brace < line) ? closing(bare, brace) : line < 0 ? bare.length : line;
}

const dead = /\bif\s*\(\s*(?:false|0)\s*\)|\bif\s+(?:False|0)\s*:|\bwhile\s*\(\s*false\s*\)|\bif\s+false\s*\{|&&\s*false\s*\)/g;
const caught =
  /\bcatch\s*(?:\([^)]*\))?\s*\{\s*\}|\.catch\(\s*\(\s*\w*\s*\)\s*=>\s*\{\s*\}\s*\)|\bexcept(?:\s+(?:\w*AssertionError|Exception|BaseException)(?:\s+as\s+\w+)?)?\s*:\s*\n?\s*(?:pass|\.\.\.|return)\b|suppress\(\s*(?:AssertionError|Exception|BaseException)|catch_unwind/g;

function testOf(path: string, source: SourceText, found: Found, helpers: Map<string, [number, number]>): TestCase {
  const end = reachedEnd(source, found);
  const spans: [number, number][] = [[found.at, end]];
  const body = source.bare.slice(found.at, end);
  for (const [name, span] of helpers) if (new RegExp(`\\b${name}\\s*\\(`).test(body)) spans.push(span);
  const all = [...spans, ...found.rows].map(([at, to]) => ({ at, end: to }));
  const whole = source.bare.slice(found.at, found.end);
  return {
    file: path,
    name: found.name,
    inactive: found.inactive,
    focused: found.focused,
    assertions: spans.flatMap(([at, to]) => assertionsIn(source, at, to)),
    rows: found.rows.map(([at, to]) => literalsIn(source, { at, end: to })),
    literals: new Set(all.flatMap((span) => literalsIn(source, span))),
    names: new Set(all.flatMap((span) => namesIn(source.bare.slice(span.at, span.end)))),
    swallows: [...whole.matchAll(dead)].length + [...whole.matchAll(caught)].length,
    body: source.code.slice(found.at, found.end).replaceAll(/\s+/g, ""),
  };
}

/** Up to a return that nothing decides about: what stands behind it is never reached. */
function reachedEnd({ bare, language }: SourceText, { at, end }: Found): number {
  if (language === "python") {
    const body = bare.slice(at, end);
    const indent = /\n([ \t]+)\S/.exec(body)?.[1];
    const leaves = indent === undefined ? -1 : body.search(new RegExp(`\\n${indent}return\\b`));
    return leaves < 0 ? end : at + leaves;
  }
  const open = bare.indexOf("{", at);
  if (open < 0 || open >= end) return end;
  for (let position = open + 1; position < end; position += 1) {
    if ("([{".includes(bare[position] as string)) position = closing(bare, position) - 1;
    else if (/^return\s*;/.test(bare.slice(position, position + 20)) && /[;{}]\s*$/.test(bare.slice(open, position)))
      return position;
  }
  return end;
}
