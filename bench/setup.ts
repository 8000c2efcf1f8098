/** Installs the peers from the benchmark's own lockfile when they are missing or stale. They never enter the product's dependencies. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const directory = fileURLToPath(new URL(".", import.meta.url));
const stampFile = join(directory, "node_modules/.longhaul-install");

/** @throws Error when npm fails */
export function installPeers(): void {
  const digest = createHash("sha256")
    .update(readFileSync(join(directory, "package-lock.json")))
    .digest("hex");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === digest) return;
  console.error("Installing the engines to compare with (npm ci in bench/)…");
  const path = `${dirname(process.execPath)}:${process.env.PATH}`; // the peers ask for this Node, not the system's
  const { status } = spawnSync("npm", ["ci", "--loglevel=error"], {
    cwd: directory,
    stdio: ["ignore", 2, 2],
    env: { ...process.env, PATH: path },
  });
  if (status !== 0) throw new Error("npm ci in bench/ failed, see above. Check that the npm registry is reachable.");
  writeFileSync(stampFile, digest);
}
