/** Tests of vitest, jest, mocha, node:test, ava-likes and Playwright. */

import type { Found } from "./found-test.ts";
import { looksLikeTest } from "./glob.ts";
import { closing, type SourceText, splitAt } from "./source-text.ts";

const start =
  /(?<![\w.$])(x|f)?(it|test|specify|describe|suite|context|bench)((?:\s*\.\s*(?:(?:skipIf|runIf)\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|\w+))*?)\s*(?=[(`])/g;

export function javascriptTests(source: SourceText, path: string): Found[] {
  const { bare } = source;
  if (!looksLikeTest(path) && !/\bimport\.meta\.vitest\b|["'](?:vitest|node:test|@jest\/globals|bun:test)["']/.test(source.code))
    return [];
  // Also the name of something that makes a thing fit.
  const ownFit = /\b(?:import\b[^;]*\bfit\b|function fit\b|(?:const|let) fit\b)/.test(bare);
  const groups: { at: number; end: number; name: string; inactive: boolean; focused: boolean }[] = [];
  const found: Found[] = [];
  for (const match of bare.matchAll(start)) {
    const [text, prefix = "", word = "", modifiers = ""] = match;
    if (word === "bench" || (prefix === "f" && ownFit)) continue;
    let open = match.index + text.length;
    const rows: [number, number][] = [];
    if (/\.\s*(?:each|for)$/.test(modifiers.trim())) {
      const end = bare[open] === "`" ? bare.indexOf("`", open + 1) + 1 : closing(bare, open);
      const list = bare.indexOf("[", open);
      rows.push(
        ...(list >= 0 && list < end ? splitAt(bare, list + 1, closing(bare, list) - 1) : [[open, end] as [number, number]]),
      );
      open = bare.indexOf("(", end);
    }
    if (open < 0 || bare[open] !== "(") continue;
    const end = closing(bare, open);
    const [first] = splitAt(bare, open + 1, end - 1);
    const title = source.strings.find((string) => first !== undefined && string.at >= first[0] && string.end <= first[1] + 1);
    if (title === undefined || first === undefined) continue; // `test(...)` of something else, e.g. a regular expression
    const options = bare.slice(open, open + 400).split("=>")[0] ?? "";
    const parents = groups.filter((group) => match.index > group.at && match.index < group.end);
    const inactive =
      prefix === "x" ||
      /\.\s*(?:skip|todo|fails|failing|fixme|skipIf|runIf)\b/.test(modifiers) ||
      /\{[^}]*\b(?:skip|todo)\s*:\s*(?!false)/.test(options) ||
      parents.some((group) => group.inactive) ||
      /^[^;]*\b(?:this|t|test|ctx|context|it)\.skip\(\s*\)?/.test(firstStatement(bare, open, end));
    const focused = prefix === "f" || /\.\s*only\b/.test(modifiers) || /\{[^}]*\bonly\s*:\s*true/.test(options);
    const one = { at: open, end, name: title.value, inactive, focused };
    if (["describe", "suite", "context"].includes(word)) {
      groups.push(one);
      if (focused) found.push({ ...one, end: first[1], rows: [] });
    } else found.push({ ...one, at: first[1], rows });
  }
  return found;
}

/** What a test begins with. */
function firstStatement(bare: string, open: number, end: number): string {
  const brace = bare.indexOf("{", open);
  return brace < 0 || brace > end ? "" : bare.slice(brace + 1, Math.min(end, brace + 120)).trim();
}
