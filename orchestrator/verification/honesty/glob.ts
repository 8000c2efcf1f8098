/** Patterns of files as test runners write them. */

/** A pattern that cannot be read matches nothing. */
export function matches(pattern: string, path: string): boolean {
  const plain = pattern.replace(/^(?:<rootDir>|\.)\//, "").replace(/\/$/, "");
  if (path === plain || path.startsWith(`${plain}/`) || path.endsWith(`/${plain}`)) return true;
  if (fits(glob(plain), path) || (!plain.includes("/") && fits(glob(plain), path.split("/").at(-1) ?? ""))) return true;
  return /[\\^$|]|\.\*/.test(pattern) && fits(pattern, path, false);
}

function fits(source: string, path: string, whole = true): boolean {
  try {
    return new RegExp(whole ? `^(?:${source})$` : source).test(path);
  } catch {
    return false;
  }
}

function glob(pattern: string): string {
  let source = "";
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] as string;
    const rest = pattern.slice(at);
    const extended = /^([?*+@!])\(([^()]*)\)/.exec(rest);
    if (extended !== null) {
      const [text, kind = "", inside = ""] = extended;
      const choice = inside.split("|").map(glob).join("|");
      source += kind === "!" ? `(?:(?!${choice})[^/]*)` : `(?:${choice})${kind === "@" ? "" : kind}`;
      at += text.length - 1;
    } else if (rest.startsWith("**/")) {
      source += "(?:.*/)?";
      at += 2;
    } else if (rest.startsWith("**")) {
      source += ".*";
      at += 1;
    } else if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "{" && rest.includes("}")) {
      const end = pattern.indexOf("}", at);
      source += `(?:${pattern
        .slice(at + 1, end)
        .split(",")
        .map(glob)
        .join("|")})`;
      at = end;
    } else if (character === "[" && rest.includes("]")) {
      const end = pattern.indexOf("]", at);
      source += pattern.slice(at, end + 1);
      at = end;
    } else source += character.replaceAll(/[.+^$()|\\{}]/g, "\\$&");
  }
  return source;
}

/** Files that look as if tests were in them. */
export const looksLikeTest = (path: string): boolean =>
  /(?:^|\/)(?:tests?|specs?|__tests__|e2e)\/.*\.\w+$|[._-](?:test|spec)\.\w+$|(?:^|\/)test_[^/]*\.py$|_test\.(?:py|go|rs)$/.test(
    path,
  ) &&
  !/(?:^|\/)(?:fixtures?|__snapshots__|snapshots|testdata|node_modules)\/|\.(?:snap|json|ya?ml|md|txt|lock)$|(?:^|\/)(?:conftest|__init__)\.py$/.test(
    path,
  );
