/** Reading loosely typed records: JSON and YAML of many tools, where a number may be text and a list may be one value. */
export type Fields = Record<string, unknown>;

export function isRecord(value: unknown): value is Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

export function records(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** Text or a number as text; undefined for anything else. */
export function text(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim() === "" ? undefined : value.trim();
  return typeof value === "number" || typeof value === "bigint" ? String(value) : undefined;
}

/** The first of some keys that holds text. */
export function textOf(record: Fields, ...keys: string[]): string | undefined {
  for (const key of keys) {
    const found = text(record[key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A list of texts; a single text is split at commas. */
export function texts(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(text).filter((item) => item !== undefined);
  const single = text(value);
  return single === undefined
    ? []
    : single
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "");
}

/** The value of the first key that is present, even when it is null. */
export function firstOf(record: Fields, ...keys: string[]): unknown {
  const key = keys.find((candidate) => Object.hasOwn(record, candidate));
  return key === undefined ? undefined : record[key];
}

export function has(record: Fields, ...keys: string[]): boolean {
  return keys.some((key) => Object.hasOwn(record, key));
}

/** True for `true`, "true" and "yes", since YAML scalars are read as text. */
export function truth(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "yes") return true;
  return value === "false" || value === "no" ? false : undefined;
}

/** All fields but some. */
export function rest(record: Fields, known: ReadonlySet<string>): Fields {
  return Object.fromEntries(Object.entries(record).filter(([key, value]) => !known.has(key) && value !== null));
}

/** Where ids stand in a JSON text: the nth item with an id stands on its nth line. Line numbers are for messages, so a scan is enough. */
export function idLines(source: string, key = "id"): (id: string) => number | undefined {
  const lines = new Map<string, number[]>();
  const pattern = new RegExp(`["']?\\b${key}["']?\\s*:\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|'([^']*)'|([^\\s,}\\]#]+))`, "g");
  let line = 1;
  let from = 0;
  for (const match of source.matchAll(pattern)) {
    for (let at = source.indexOf("\n", from); at >= 0 && at < match.index; at = source.indexOf("\n", from)) {
      line++;
      from = at + 1;
    }
    const id = match[1] ?? match[2] ?? match[3] ?? "";
    const list = lines.get(id);
    if (list) list.push(line);
    else lines.set(id, [line]);
  }
  const used = new Map<string, number>();
  return (id) => {
    const count = used.get(id) ?? 0;
    used.set(id, count + 1);
    const list = lines.get(id);
    return list?.[Math.min(count, list.length - 1)];
  };
}
