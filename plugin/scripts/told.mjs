/** What sessions were told already, so that it is said once. It may be lost: then it is said again. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

const mostKept = 500;

/** @returns undefined where nothing can be kept */
export async function openTold(folder = process.env.CLAUDE_PLUGIN_DATA) {
  if (!folder) return undefined;
  const path = join(folder, "told.json");
  let keys = [];
  try {
    keys = JSON.parse(await readFile(path, "utf8"));
  } catch {
    // The first time, or a file that somebody else wrote.
  }
  if (!Array.isArray(keys)) keys = [];
  const known = new Set(keys);
  return {
    isEmpty: known.size === 0,
    has: (key) => known.has(key),
    async add(more) {
      await mkdir(folder, { recursive: true });
      await writeFile(`${path}.${process.pid}`, JSON.stringify([...known, ...more].slice(-mostKept)), { mode: 0o600 });
      await rename(`${path}.${process.pid}`, path);
    },
  };
}
