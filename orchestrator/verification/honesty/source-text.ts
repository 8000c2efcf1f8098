/**
 * Source code taken apart far enough to find tests in it: where comments and strings are. Not a parser; code that is written to mislead this
 * (a comment that looks like a string) makes a difference that is found, rather than one that is overlooked.
 */
export type Language = "javascript" | "python" | "rust";

export type SourceText = {
  language: Language;
  /** Without comments: blanks stand in their place, so that positions stay. */
  code: string;
  /** Without the contents of strings, too. */
  bare: string;
  comments: string;
  /** What strings say, in their order, with the position of each. */
  strings: { at: number; end: number; value: string }[];
};

const endings: Readonly<Record<string, Language>> = {
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  jsx: "javascript",
  ts: "javascript",
  mts: "javascript",
  cts: "javascript",
  tsx: "javascript",
  vue: "javascript",
  svelte: "javascript",
  json: "javascript",
  py: "python",
  rs: "rust",
};

export const languageOf = (path: string): Language | undefined => endings[path.split(".").at(-1) ?? ""];

const blank = (text: string) => text.replaceAll(/[^\n]/g, " ");

/** What comes first counts: a quote in a comment opens no string, and the other way round. */
const tokens: Readonly<Record<Language, RegExp>> = {
  javascript:
    /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<string>"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?|`(?:\\[\s\S]|[^`\\])*`?)|(?<regex>(?<=[(,=:[!&|?{};\n]\s*|return\s+)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*)/g,
  python:
    /(?<comment>#[^\n]*)|(?<string>[rRbBuUfF]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?))/g,
  rust: /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<string>b?r(?<hashes>#*)"[\s\S]*?"\k<hashes>|b?"(?:\\[\s\S]|[^"\\])*"?|b?'(?:\\[^\n]+?|[^'\\\n])')/g,
};

export function readSource(text: string, language: Language): SourceText {
  let code = "";
  let bare = "";
  let comments = "";
  let last = 0;
  const strings: SourceText["strings"] = [];
  for (const match of text.matchAll(tokens[language])) {
    const { comment, string } = match.groups ?? {};
    const [found] = match;
    const between = text.slice(last, match.index);
    last = match.index + found.length;
    if (comment === undefined) strings.push({ at: match.index, end: last, value: valueOf(string ?? found) });
    else comments += `${comment}\n`;
    code += between + (comment === undefined ? found : blank(found));
    bare += between + (comment === undefined ? hollow(found) : blank(found));
  }
  return { language, code: code + text.slice(last), bare: bare + text.slice(last), comments, strings };
}

/** A string without what it says: its quotes stay, so that an empty argument can be told from none. */
function hollow(text: string): string {
  const open = /^[a-zA-Z]*#*(?:"""|'''|["'`/])?/.exec(text)?.[0] ?? "";
  return open + blank(text.slice(open.length, -1)) + (text.length > open.length ? text.slice(-1) : "");
}

const valueOf = (text: string): string =>
  text
    .replace(/^[rRbBuUfF]{0,2}#*(?:"""|'''|["'`/])/, "")
    .replace(/(?:"""|'''|["'`]|\/[a-z]*)#*$/, "")
    .replaceAll(/\\(["'`])/g, "$1");

const pairs: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** Where brackets end, of the text that was asked about last: each is asked about in turn, and all are found in one pass. */
let known: { bare: string; ends: Map<number, number> } = { bare: "", ends: new Map() };

/** The position after the bracket that closes the one at `open`; the end of the text when none does. */
export function closing(bare: string, open: number): number {
  if (known.bare !== bare) known = { bare, ends: endsOf(bare) };
  return known.ends.get(open) ?? bare.length;
}

function endsOf(bare: string): Map<number, number> {
  const ends = new Map<number, number>();
  const waits: { at: number; closer: string }[] = [];
  for (let at = 0; at < bare.length; at += 1) {
    const character = bare[at] as string;
    const closer = pairs[character];
    const last = waits.at(-1);
    if (closer !== undefined) waits.push({ at, closer });
    else if (last !== undefined && character === last.closer) {
      ends.set(last.at, at + 1);
      waits.pop();
    }
  }
  return ends;
}

/** Parts at the top level of brackets, e.g. arguments. */
export function splitAt(bare: string, from: number, to: number, separator = ","): [number, number][] {
  const parts: [number, number][] = [];
  let start = from;
  for (let at = from; at < to; at += 1) {
    const character = bare[at] as string;
    if (pairs[character] !== undefined) at = closing(bare, at) - 1;
    else if (character === separator) {
      parts.push([start, at]);
      start = at + 1;
    }
  }
  if (bare.slice(start, to).trim() !== "") parts.push([start, to]);
  return parts;
}

/** The end of what is indented further than the line at this position. */
export function indentedEnd(bare: string, at: number): number {
  const start = bare.lastIndexOf("\n", at - 1) + 1;
  const indent = /^[ \t]*/.exec(bare.slice(start))?.[0].length ?? 0;
  let header = at;
  for (; header < bare.length && bare[header] !== "\n"; header += 1)
    if ("([{".includes(bare[header] as string)) header = closing(bare, header) - 1;
  let end = header;
  for (let line = header + 1; line < bare.length; ) {
    const next = bare.indexOf("\n", line);
    const stop = next < 0 ? bare.length : next;
    const text = bare.slice(line, stop);
    if (text.trim() !== "" && (/^[ \t]*/.exec(text)?.[0].length ?? 0) <= indent) break;
    if (text.trim() !== "") end = stop;
    line = stop + 1;
  }
  return end;
}
