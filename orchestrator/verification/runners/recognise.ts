/** Which test runner a command starts, also behind the scripts of package.json. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export type RunnerName = "vitest" | "jest" | "mocha" | "node:test" | "pytest" | "unittest" | "cargo test" | "go test";

const patterns: readonly (readonly [RunnerName, RegExp])[] = [
  ["vitest", /(?:^|[\s/;&|(])vitest(?:\.m?js)?(?=$|[\s;&|)])/],
  ["jest", /(?:^|[\s/;&|(])jest(?:\.js)?(?=$|[\s;&|)])/],
  ["mocha", /(?:^|[\s/;&|(])_?mocha(?:\.js)?(?=$|[\s;&|)])/],
  ["node:test", /(?:^|[\s/;&|(])(?:node|tsx)\b[^;&|]*\s--test(?=$|[\s;&|)])/],
  ["pytest", /(?:^|[\s/;&|(])(?:pytest|py\.test)(?=$|[\s;&|)])/],
  ["unittest", /\s-m unittest\b|manage\.py test\b/],
  ["cargo test", /(?:^|[\s/;&|(])cargo\b[^;&|]*\s(?:test|t|nextest)(?=$|[\s;&|)])/],
  ["go test", /(?:^|[\s/;&|(])(?:go test|gotestsum)(?=$|[\s;&|)])/],
];
/** Reads what others wrote: figures in its output are not its own. */
const reader =
  /^\s*(?:grep|egrep|rg|cat|head|tail|test|\[|diff|cmp|echo|printf|sed|awk|jq|ls|find|wc|git|curl|stat|file)\b(?![^|;&]*[|;&])/;
const script = /(?:^|[\s;&|(])(?:npm|pnpm|yarn|bun)\s+(?:(?:--?[\w-]+(?:=\S+)?)\s+)*(?:run(?:-script)?\s+)?([\w:.-]+)/g;
const deepest = 3;

/** All runners that are named, in no order of importance. Scripts are followed three deep. */
export async function runnersOf(command: string, folder: string, depth = 0): Promise<Set<RunnerName>> {
  const found = new Set(patterns.filter(([, pattern]) => pattern.test(command)).map(([name]) => name));
  if (depth >= deepest) return found;
  for (const [, name = ""] of command.matchAll(script)) {
    const text = await scriptOf(folder, name === "t" ? "test" : name);
    if (text !== undefined) for (const runner of await runnersOf(text, folder, depth + 1)) found.add(runner);
  }
  return found;
}

export const readsOnly = (command: string): boolean => reader.test(command);

async function scriptOf(folder: string, name: string): Promise<string | undefined> {
  try {
    const read = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { scripts?: Record<string, unknown> };
    const text = read.scripts?.[name];
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined; // none, or broken: the command itself will say so
  }
}
