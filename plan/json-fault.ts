const value = /"(?:[^"\\\u0000-\u001f]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const space = /[ \t\r\n]*/y;

/**
 * The offset of the first thing in a text that JSON does not allow. `JSON.parse` only tells it for some errors, and a message without a
 * place is of little use in a long file.
 */
export function jsonFault(text: string): number {
  const open: ("{" | "[")[] = [];
  let expecting: "value" | "key" | "value or end" | "key or end" | "colon" | "comma or end" = "value";
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found !== null;
  };
  for (;;) {
    skip(space);
    const char = text[at];
    if (char === undefined) return at;
    const closes = (char === "}" && open.at(-1) === "{") || (char === "]" && open.at(-1) === "[");
    if (closes && expecting.endsWith("end")) {
      open.pop();
      at++;
      expecting = "comma or end";
    } else if (expecting === "colon" && char === ":") {
      at++;
      expecting = "value";
    } else if (expecting === "comma or end" && char === "," && open.length > 0) {
      at++;
      expecting = open.at(-1) === "{" ? "key" : "value";
    } else if (expecting.startsWith("key") && char === '"' && skip(value)) {
      expecting = "colon";
    } else if (expecting.startsWith("value") && (char === "{" || char === "[")) {
      open.push(char);
      at++;
      expecting = char === "{" ? "key or end" : "value or end";
    } else if (expecting.startsWith("value") && skip(value)) {
      expecting = "comma or end";
    } else {
      return at;
    }
  }
}
