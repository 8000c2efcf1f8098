/** Tests of Rust: functions under a `test` attribute, in modules that are compiled for tests. */

import type { Found } from "./found-test.ts";
import { closing, type SourceText } from "./source-text.ts";

const attribute = String.raw`#\s*\[[^[\]]*(?:\[[^[\]]*\][^[\]]*)*\]\s*`;
const definition = new RegExp(String.raw`((?:${attribute})+)(?:pub(?:\([^)]*\))?\s+)?(?:async\s+)?fn\s+(\w+)\s*\(`, "g");
const moduleStart = new RegExp(String.raw`((?:${attribute})+)(?:pub\s+)?mod\s+\w+\s*\{`, "g");

export function rustTests(source: SourceText): Found[] {
  const { bare } = source;
  const modules = [...bare.matchAll(moduleStart)].map((match) => {
    const open = match.index + match[0].length - 1;
    // `feature` and the like are conditions that a test run need not meet.
    return {
      at: open,
      end: closing(bare, open),
      inactive: /cfg\s*\([^\]]*\b(?:feature|any|not|target_\w+)\b/.test(match[1] ?? ""),
    };
  });
  return [...bare.matchAll(definition)].flatMap((match) => {
    const [text, attributes = "", name = ""] = match;
    if (!/#\s*\[\s*(?:[\w:]+::)?(?:test|rstest|quickcheck|test_case|wasm_bindgen_test)\b/.test(attributes)) return [];
    const brace = bare.indexOf("{", match.index + text.length);
    if (brace < 0) return [];
    const inactive =
      /#\s*\[\s*(?:ignore|should_panic)\b|cfg(?:_attr)?\s*\([^\]]*\b(?:feature|ignore|not|target_\w+)\b/.test(attributes) ||
      modules.some((one) => one.inactive && match.index > one.at && match.index < one.end);
    const rows = [...attributes.matchAll(/#\s*\[\s*(?:case|test_case)\b[^\]]*\]/g)].map(({ index, 0: row }): [number, number] => [
      match.index + index,
      match.index + index + row.length,
    ]);
    return [{ name, at: brace, end: closing(bare, brace), inactive, focused: false, rows }];
  });
}
