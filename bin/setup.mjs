// Installs the locked dependencies when they are missing or stale, so that `npm start` and `npm test` each work in a fresh clone.
// Plain JavaScript without imports from node_modules: it runs before they exist, on whatever Node (>= 20) the system has.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { installedRuntime } from "./runtime.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const production = process.argv.includes("--omit=dev");
const stampFile = `${root}node_modules/.longhaul-install`;
const lockDigest = createHash("sha256")
  .update(readFileSync(`${root}package-lock.json`))
  .digest("hex");
const installed = existsSync(stampFile) ? readFileSync(stampFile, "utf8") : "";
const sufficient = installed === `${lockDigest} all` || (production && installed === `${lockDigest} production`);

if (!sufficient) {
  const scope = production ? "production" : "all";
  console.error(`Installing ${production ? "what Longhaul needs" : "dependencies"} (npm install, versions as locked)…`);
  // Not `npm ci`: it refuses a lockfile that lacks packages which only other platforms install, as lockfiles made behind a mirror do.
  const args = ["install", "--no-save", "--no-fund", "--no-audit", "--loglevel=error", ...(production ? ["--omit=dev"] : [])];
  const result = spawnSync("npm", args, { cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
  if (result.status !== 0) {
    console.error("npm install failed, see above. Remedy: check that the npm registry is reachable, then run the command again.");
    process.exit(1);
  }
  mkdirSync(`${root}node_modules`, { recursive: true });
  writeFileSync(stampFile, `${lockDigest} ${scope}`);
}

// The builder of the dashboard wants a younger Node than the oldest that may run this. Without a dashboard everything else works.
const built = spawnSync(installedRuntime() ?? process.execPath, [`${root}dashboard/build.mjs`], { stdio: ["ignore", 2, 2] });
if (built.status !== 0) console.error("The dashboard could not be built, see above; 'longhaul dashboard' will try again.");
