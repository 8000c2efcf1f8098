// Builds the dashboard when its sources, the client it uses or the locked packages changed; does nothing otherwise (a few milliseconds).
// Several builders at once are safe: each works in a folder of its own, and the last rename wins.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
const output = join(folder, "dist");
const digest = digestOf([...filesIn(folder), ...filesIn(join(folder, "../client")), join(folder, "../package-lock.json")]);
const stamp = join(output, "built-from.txt");

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== digest) {
  const { build } = await import("vite");
  const draft = join(folder, `dist-${process.pid}`);
  try {
    await build({ root: folder, configFile: join(folder, "vite.config.ts"), logLevel: "warn", build: { outDir: draft } });
    writeFileSync(join(draft, "built-from.txt"), digest);
    rmSync(output, { recursive: true, force: true });
    renameSync(draft, output);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function filesIn(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/(^|[\\/])dist/.test(entry.parentPath.slice(path.length)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function digestOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(`${path.slice(folder.length)}\0`).update(readFileSync(path));
  return hash.digest("hex");
}
