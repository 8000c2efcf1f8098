/** A workspace and a home on disk, with the real git. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { createGit } from "../../../orchestrator/workspace/git.ts";
import { createSnapshots } from "../../../orchestrator/workspace/snapshot.ts";

export type Folder = ReturnType<typeof createFolder>;

/** @param repository whether the workspace is a git repository with one commit */
export function createFolder(repository: boolean) {
  const home = mkdtempSync("/tmp/longhaul-home-");
  const workspace = mkdtempSync("/tmp/longhaul-work-");
  let now = 1_000_000;
  const snapshots = () => createSnapshots({ git: createGit(process.env["PATH"], home), home, now: () => (now += 1000) });
  const sh = (command: string) => execFileSync("bash", ["-euc", command], { cwd: workspace, encoding: "utf8" });
  if (repository) {
    sh(`git init -q -b main; git config user.name u; git config user.email u@localhost
        echo tracked > tracked; echo 'ignored*' > .gitignore; git add -A; git commit -qm first`);
  }
  return { home, workspace, snapshots, sh, remove: () => [home, workspace].forEach((path) => rmSync(path, { recursive: true })) };
}

/** Every file with its kind, mode and contents, without git's own. */
export function contentsOf(folder: string, at = folder): Record<string, string> {
  return Object.assign(
    {},
    ...readdirSync(at, { withFileTypes: true }).map((entry) => {
      const path = join(at, entry.name);
      if (entry.name === ".git") return {};
      if (entry.isDirectory()) return contentsOf(folder, path);
      const text = entry.isSymbolicLink()
        ? `→ ${readlinkSync(path)}`
        : `${(statSync(path).mode & 0o100) === 0 ? "" : "x "}${readFileSync(path, "latin1")}`;
      return { [relative(folder, path)]: text };
    }),
  ) as Record<string, string>;
}
