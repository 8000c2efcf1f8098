/** Tests of pytest and unittest: functions and methods whose names begin with `test`. */
import type { Found } from "./found-test.ts";
import { closing, indentedEnd, type SourceText, splitAt } from "./source-text.ts";

const definition = /^([ \t]*)(?:async )?def (test\w*)\s*\(/gm;
const classStart = /^([ \t]*)class (\w+)/gm;
const skipping =
  /\b(?:mark\.(?:skip|skipif|xfail)|unittest\.(?:skip|skipIf|skipUnless|expectedFailure)|skip|skipIf|skipUnless|expectedFailure|xfail)\b/;

export function pythonTests(source: SourceText, path: string): Found[] {
  if (!/(?:^|\/)(?:test_[^/]*|[^/]*_test|tests?|conftest)\.py$|(?:^|\/)tests?\//.test(path)) return [];
  const { bare } = source;
  const whole =
    /^pytestmark\s*=.*\b(?:skip|skipif|xfail)\b/m.test(bare) || /^(?:raise unittest\.SkipTest|pytest\.skip\()/m.test(bare);
  const classes = [...bare.matchAll(classStart)].map((match) => ({
    at: match.index,
    end: indentedEnd(bare, match.index + (match[1]?.length ?? 0)),
    inactive:
      skipping.test(decorators(bare, match.index)) ||
      /^\s+(?:__test__\s*=\s*False|pytestmark\s*=.*skip)/m.test(bare.slice(match.index, match.index + 300)),
  }));
  return [...bare.matchAll(definition)].map((match) => {
    const [, indent = "", name = ""] = match;
    const at = match.index + indent.length;
    const end = indentedEnd(bare, at);
    const above = decorators(bare, match.index);
    const from = match.index - above.length;
    const inactive =
      whole ||
      skipping.test(above) ||
      classes.some((one) => one.inactive && match.index > one.at && match.index < one.end) ||
      new RegExp(
        `\\n${indent}[ \\t]+(?:pytest\\.(?:skip|xfail|importorskip)\\(|self\\.skipTest\\(|raise (?:unittest\\.)?SkipTest)`,
      ).test(bare.slice(at, end));
    return { name, at, end, inactive, focused: false, rows: rowsIn(source, from, match.index) };
  });
}

/** The decorators that stand directly above a line, whose arguments may go over several lines. */
function decorators(bare: string, line: number): string {
  const indent = /^[ \t]*/.exec(bare.slice(line, line + 200))?.[0] ?? "";
  let from = line;
  let first = line;
  while (from > 0) {
    const start = bare.lastIndexOf("\n", from - 2) + 1;
    const text = bare.slice(start, from - 1);
    if (text.trim() === "") break;
    if (text.startsWith(`${indent}@`)) first = start;
    else if (!text.startsWith(`${indent} `) && !text.startsWith(`${indent}\t`) && !/^\s*[)\]}]/.test(text)) break;
    from = start;
  }
  return bare.slice(first, line);
}

function rowsIn(source: SourceText, from: number, to: number): [number, number][] {
  const at = source.bare.slice(from, to).indexOf("parametrize");
  if (at < 0) return [];
  const open = source.bare.indexOf("(", from + at);
  const list = source.bare.indexOf("[", splitAt(source.bare, open + 1, closing(source.bare, open) - 1)[1]?.[0] ?? open);
  return list < 0 || list > to ? [] : splitAt(source.bare, list + 1, closing(source.bare, list) - 1);
}
