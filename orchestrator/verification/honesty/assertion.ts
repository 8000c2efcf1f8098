/** What a test asserts, in a form that survives formatting, moving and the change of an assertion library. */
import { closing, type SourceText, splitAt } from "./source-text.ts";

export type Assertion = {
  /** Without blanks and with one kind of quotes. */
  text: string;
  /** The text without its values. */
  form: string;
  /** 3 equals something, 2 is in a range or contains something, 1 is there or true, 0 always holds. */
  strength: 0 | 1 | 2 | 3;
  negated: boolean;
  /** Values that are written in it. */
  literals: string[];
  /** Values that say how near a number has to come. */
  tolerance: string[];
  /** What it calls, and names of classes. */
  names: string[];
};

type Span = { at: number; end: number };

const starts: Readonly<Record<SourceText["language"], RegExp>> = {
  javascript:
    /\b(?:expect(?:\.soft|\.poll)?|assert(?:\.\w+)*|should|t\.(?:is|deepEqual|true|false|throws|not|like|truthy|falsy|equal|same|ok))\s*(?=\()/g,
  python:
    /(?:^|(?<=[\n;]))[ \t]*(assert)\b|\b(?:self\.(?:assert|fail)\w*|pytest\.(?:raises|warns|fail)|[\w.]+\.assert_\w+)\s*(?=\()/g,
  rust: /\b\w*assert\w*!\s*(?=[([{])/g,
};

/** @param from where to look, in positions of the source */
export function assertionsIn(source: SourceText, from: number, to: number): Assertion[] {
  const found: Assertion[] = [];
  let last = from;
  for (const match of source.bare.slice(from, to).matchAll(starts[source.language])) {
    const at = from + match.index + (match[1] === undefined ? 0 : match[0].indexOf("assert"));
    if (at < last) continue; // inside the one before
    const span = {
      at,
      end: match[1] === undefined ? chainEnd(source, from + match.index + match[0].length) : lineEnd(source.bare, at),
    };
    last = span.end;
    found.push(read(source, span));
  }
  return found;
}

/** `expect(a).not.toBe(b)`: brackets and names behind dots. */
function chainEnd({ bare, language }: SourceText, open: number): number {
  let at = closing(bare, open);
  if (language !== "javascript") return at;
  for (;;) {
    const next = /^\s*\??\.\s*\w+\s*/.exec(bare.slice(at, at + 200));
    if (next === null) return at;
    at += next[0].length;
    if (bare[at] === "(") at = closing(bare, at);
  }
}

/** A Python statement ends with its line, unless brackets are open. */
function lineEnd(bare: string, from: number): number {
  for (let at = from; at < bare.length; at += 1) {
    if ("([{".includes(bare[at] as string)) at = closing(bare, at) - 1;
    else if (bare[at] === "\n" && bare[at - 1] !== "\\") return at;
  }
  return bare.length;
}

function read(source: SourceText, span: Span): Assertion {
  const bare = source.bare.slice(span.at, span.end);
  const near = nearness(source, span);
  const tolerance = near === undefined ? [] : literalsIn(source, near);
  const literals = literalsIn(source, claim(source, span)).filter((value) => !tolerance.includes(value));
  const [strength, negated] = strengthOf(source, span, bare);
  const text = normal(source, span);
  const form = text.replaceAll(/"(?:\\.|[^"\\])*"|(?<![\w.])\d[\d.e-]*/g, "_");
  return { text, form, strength, negated, literals, tolerance, names: namesIn(bare) };
}

/** What stands behind the value of `toBeCloseTo(value, digits)` and `approx(value, rel=…)`. */
function nearness(source: SourceText, { at, end }: Span): Span | undefined {
  const found = /\b(?:toBeCloseTo|approx|assertAlmostEqual|closeTo|isclose)\s*\(/.exec(source.bare.slice(at, end));
  if (found === null) return undefined;
  const open = at + found.index + found[0].length - 1;
  const parts = splitAt(source.bare, open + 1, closing(source.bare, open) - 1);
  const first = parts[found[0].startsWith("assert") ? 2 : 1];
  return first === undefined ? undefined : { at: first[0], end: closing(source.bare, open) };
}

/** Without the message that some assertions take at their end. */
function claim(source: SourceText, { at, end }: Span): Span {
  const text = source.bare.slice(at, end);
  if (/^assert\s/.test(text) && source.language === "python") {
    const parts = splitAt(source.bare, at + "assert".length, end);
    return { at, end: parts[0]?.[1] ?? end };
  }
  const open = source.bare.indexOf("(", at);
  const most = /^(?:assert_(?:eq|ne)!|assert\.(?:\w*[eE]qual\w*)|self\.assert(?:Not)?(?:Equal|In|Is)s?\b)/.test(text)
    ? 2
    : /^(?:assert!|assert\(|assert\.ok|self\.assert(?:True|False))/.test(text)
      ? 1
      : 0;
  if (most === 0 || open < 0 || open >= end) return { at, end };
  const parts = splitAt(source.bare, open + 1, closing(source.bare, open) - 1);
  return { at, end: parts[most - 1]?.[1] ?? end };
}

function normal(source: SourceText, span: Span): string {
  const { at, end } = claim(source, span);
  let text = "";
  let last = at;
  for (const string of source.strings.filter((one) => one.at >= at && one.end <= end)) {
    text += squeeze(source.code.slice(last, string.at)) + JSON.stringify(string.value);
    last = string.end;
  }
  return (text + squeeze(source.code.slice(last, end))).replaceAll(/,(?=[)\]}])/g, "").replace(/[;)]+$/, "");
}
const squeeze = (text: string) => text.replaceAll(/\s+/g, "").replaceAll(/(?<=\d)_(?=\d)/g, "");

/** Numbers and strings. Whether something is true, empty or there is part of an assertion's strength. */
export function literalsIn(source: SourceText, { at, end }: Span): string[] {
  const strings = source.strings.filter((one) => one.at >= at && one.end <= end).map(({ value }) => value);
  const numbers = [...source.bare.slice(at, end).matchAll(/(?<![\w.])\d[\d_]*(?:\.\d+)?(?:e[-+]?\d+)?/gi)].map(([text]) =>
    String(Number(text.replaceAll("_", ""))),
  );
  return [...strings, ...numbers];
}

const ownWords =
  /^(?:expect|assert\w*|self|pytest|raises|warns|approx|fail\w*|soft|poll|not|resolves|rejects|to[A-Z]\w*|is_(?:none|some|ok|err|empty)|unwrap\w*|equal\w*|\w*[eE]qual|ok|throws|doesNotThrow|match|isinstance|len|length|size|bool|list|sorted|all|any|await|async|function|if|for|in|of|and|or|None|Some|Ok|Err|True|False|Error|String|Number|Array|Object|Math|Vec|vec|format|is|true|false|be|have|deep)$/;

export function namesIn(bare: string): string[] {
  const calls = [...bare.matchAll(/([A-Za-z_]\w*)\s*!?\s*\(/g)].map(([, name = ""]) => name);
  const classes = [...bare.matchAll(/\b([A-Z]\w+)\b/g)].map(([, name = ""]) => name);
  return [...new Set([...calls, ...classes])].filter((name) => !ownWords.test(name));
}

const vague =
  /\.(?:toBeDefined|toBeTruthy|toBeFalsy|toBeInstanceOf|toBeTypeOf|toBeNull|toBeUndefined|toHaveBeenCalled|toThrowError|toThrow|toReturn)\(\s*\)?|assert(?:Is(?:Not)?None|True|False|IsInstance)\(|assert\.(?:ok|isOk|exists|throws|doesNotThrow)\(|\.is_(?:none|some|ok|err|empty)\(\)|\bisinstance\(|\.assert_(?:called|called_once|not_called)\(|\bt\.(?:true|false|truthy|falsy|throws|ok)\(/;
const ranged =
  /\bapprox\(|\bisclose\(|\.(?:toBeCloseTo|closeTo|toBe(?:Greater|Less)Than\w*|toContain\w*|toMatch|toHaveProperty|toSatisfy)\(|assert(?:Not)?(?:In|Regex|Greater|Less|AlmostEqual)\w*\(|assert\.(?:match|include|isAbove|isBelow|rejects)\(|matches!|\.contains\(|\.startswith\(|\.endswith\(|\.starts_with\(|\.ends_with\(|\.includes\(|raises\(|assertRaises/;
const boolean =
  /\.(?:toBe|toEqual|toStrictEqual)\(\s*(?:true|false)\s*\)|(?:==|is)\s+(?:True|False|None)\b|is not None\b|[=!]==?\s*(?:true|false|null|undefined)\b/;

function strengthOf(source: SourceText, span: Span, bare: string): [Assertion["strength"], boolean] {
  const text = source.code.slice(span.at, span.end);
  const saysNot =
    /\.not\b|\.(?:toBeFalsy|toBeNull|toBeUndefined)\(|(?:toBe|toEqual|toStrictEqual)\(\s*false|!==?|\bnot in\b|\bis not\b|assert\s+not\b|assert_ne!|assertNot|assertFalse|assertIsNone|assert!\s*\(\s*!|assert(?:\.ok)?\(\s*!|notEqual|notStrictEqual|notDeep|\.is_(?:none|err)\(\)|\b(?:==|is) (?:False|None)\b|_not_called\(|\bt\.(?:false|falsy|not)\(/.test(
      bare,
    ) || /assert_eq!\([\s\S]*,\s*None\b/.test(bare);
  const inner = /^(?:assert(?:\.ok)?\s*\(|assert\s+|assert!\s*\(|expect\s*\()\s*(?:true|True|1|!0)\s*[,)\n]?/.exec(text);
  const always =
    /^expect\s*\(\s*(true|false|\d+|"[^"]*"|null)\s*\)\s*\.to(?:Be|Equal|StrictEqual)\(\s*\1\s*\)$/.test(text.trim()) ||
    (inner !== null &&
      /^(?:assert|expect\s*\(\s*(?:true|1)\s*\)\s*\.toBeTruthy)/.test(text) &&
      inner[0].length >= text.trim().length - 1);
  if (always) return [0, false];
  if (vague.test(bare) || boolean.test(bare)) return [/\.(?:toThrow\w*|throws)\(\s*[^)\s]/.test(bare) ? 2 : 1, saysNot];
  if (ranged.test(bare) || /(?:[^=!<>-]|^)[<>]=?[^=>]/.test(bare.replaceAll(/=>|->/g, "")) || /\b(?:not )?in\b/.test(bare))
    return [2, saysNot];
  if (/^assert\s/.test(text) || /^assert(?:\.ok)?\s*\(/.test(text) || /^(?:debug_)?assert!/.test(text))
    return [/[=!]==?/.test(bare.replace(/^assert!/, "")) ? 3 : 1, saysNot];
  return [3, saysNot];
}
