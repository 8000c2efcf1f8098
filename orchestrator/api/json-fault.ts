/**
 * Where a text stops being JSON, and what was expected there. `JSON.parse` of V8 gives a position for some faults only, and never for
 * the most frequent ones (a trailing comma, a missing value, a single quote).
 */

export type JsonFault = { offset: number; line: number; column: number; expected: string };

const literal = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
const escape = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

type Expected =
  | "a value"
  | "a value or ]"
  | "a property name"
  | "a property name or }"
  | ":"
  | ", or }"
  | ", or ]"
  | "the end of the text";

/** Returns undefined for valid JSON. One pass, no recursion: the depth of the text does not matter. */
export function findJsonFault(text: string): JsonFault | undefined {
  const open: ("{" | "[")[] = [];
  let expected: Expected = "a value";
  let at = 0;
  const fault = (offset: number, what: string = expected): JsonFault => {
    const before = text.slice(0, offset).split("\n");
    return { offset, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, expected: what };
  };
  const afterValue = (): Expected => (open.length === 0 ? "the end of the text" : open.at(-1) === "{" ? ", or }" : ", or ]");

  for (;;) {
    while (at < text.length && " \t\r\n".includes(text.charAt(at))) at += 1;
    const sign = text.charAt(at);
    if (sign === "") return expected === "the end of the text" ? undefined : fault(at);
    if (expected === "the end of the text") return fault(at);

    const wantsKey: boolean = expected === "a property name" || expected === "a property name or }";
    const wantsValue: boolean = expected === "a value" || expected === "a value or ]";
    if (sign === "}" && (expected === "a property name or }" || expected === ", or }")) {
      open.pop();
      expected = afterValue();
    } else if (sign === "]" && (expected === "a value or ]" || expected === ", or ]")) {
      open.pop();
      expected = afterValue();
    } else if (sign === "," && (expected === ", or }" || expected === ", or ]")) {
      expected = expected === ", or }" ? "a property name" : "a value";
    } else if (sign === ":" && expected === ":") {
      expected = "a value";
    } else if (wantsValue && (sign === "{" || sign === "[")) {
      open.push(sign);
      expected = sign === "{" ? "a property name or }" : "a value or ]";
    } else if (sign === '"' && (wantsKey || wantsValue)) {
      const end = stringEnd(text, at);
      if (end.fault !== undefined) return fault(end.offset, end.fault);
      at = end.offset - 1;
      expected = wantsKey ? ":" : afterValue();
    } else if (wantsValue) {
      literal.lastIndex = at;
      if (!literal.test(text)) return fault(at);
      at = literal.lastIndex - 1;
      expected = afterValue();
    } else {
      return fault(at);
    }
    at += 1;
  }
}

/** The offset behind the closing quote of the string that opens at `start`. */
function stringEnd(text: string, start: number): { offset: number; fault?: string } {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return { offset: at + 1 };
    if (code < 0x20) return { offset: at, fault: "an escaped control character or the closing quote of the string" };
    if (code === 0x5c) {
      escape.lastIndex = at;
      if (!escape.test(text)) return { offset: at, fault: "a valid escape sequence" };
      at = escape.lastIndex - 1;
    }
  }
  return { offset: text.length, fault: "the closing quote of the string" };
}
