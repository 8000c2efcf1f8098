/** What a task changed, as texts from before and after. Works on an index and an object store of its own: nothing of the repository changes. */
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Baseline } from "../../workspace/baseline.ts";
import type { Git, GitCall } from "../../workspace/git.ts";
import type { Side } from "./finding.ts";
import { matters } from "./judge.ts";

export type Changes = {
  before: Side;
  after: Side;
  baseline: Baseline;
  /** All of it as a patch. */
  patch(): Promise<string>;
  /** Writes the files from before into a folder. */
  checkout(folder: string): Promise<void>;
};

/** Larger files are no tests that somebody wrote; more files are no change that somebody made. */
const longestFile = 512 * 1024;
const mostFiles = 3_000;

/** @param work is told what changed; what it was told is gone afterwards */
export async function withChanges<Value>(
  git: Git,
  baseline: Baseline,
  work: (changes: Changes) => Promise<Value>,
): Promise<Value> {
  const scratch = await mkdtemp(join(tmpdir(), "longhaul-changes-"));
  try {
    const objects =
      baseline.objects ?? resolve(baseline.top, await git.text(["rev-parse", "--git-path", "objects"], { cwd: baseline.top }));
    const index =
      baseline.index ?? resolve(baseline.top, await git.text(["rev-parse", "--git-path", "index"], { cwd: baseline.top }));
    await copyFile(index, join(scratch, "index")).catch(() => undefined); // none yet: git makes one
    await mkdir(join(scratch, "objects"));
    const call: GitCall = {
      ...baseline.call,
      environment: {
        ...baseline.call.environment,
        GIT_INDEX_FILE: join(scratch, "index"),
        GIT_OBJECT_DIRECTORY: join(scratch, "objects"),
        GIT_ALTERNATE_OBJECT_DIRECTORIES: objects,
      },
    };
    await git.run(["add", "-A", "--ignore-errors", "--", ...baseline.pathspec], { ...call, accept: [0, 1] });
    const now = await git.text(["write-tree"], call);
    const was = baseline.isCommit ? await git.text(["rev-parse", `${baseline.tree}^{tree}`], call) : baseline.tree;
    return await work(await read(git, call, baseline, was, now));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function read(git: Git, call: GitCall, baseline: Baseline, was: string, now: string): Promise<Changes> {
  const diff =
    was === now
      ? ""
      : await git.text(["diff-tree", "-r", "-z", "--no-renames", "--name-status", was, now, "--", ...baseline.pathspec], call);
  const fields = diff.split("\0");
  const old: string[] = [];
  const fresh: string[] = [];
  for (let at = 0; at + 1 < fields.length && at < 2 * mostFiles; at += 2) {
    const [status, path = ""] = [fields[at], fields[at + 1]];
    if (!matters(path) || ofHome(path, baseline.home)) continue;
    if (status !== "A") old.push(path);
    if (status !== "D") fresh.push(path);
  }
  const paths = async (tree: string) =>
    (await git.text(["ls-tree", "-r", "--name-only", "-z", tree], call)).split("\0").filter(Boolean);
  // Most tasks change no file that git knows: then nothing has to be listed.
  const [before, after, oldPaths, newPaths] = await Promise.all([
    contents(git, call, was, old),
    onDisk(baseline.top, fresh),
    was === now ? [] : paths(was),
    was === now ? [] : paths(now),
  ]);
  return {
    before: { changed: before, paths: oldPaths },
    after: { changed: after, paths: newPaths },
    baseline,
    patch: () =>
      git.text(
        ["diff-tree", "-r", "-p", "-M", "--no-ext-diff", "--no-textconv", "--no-color", was, now, "--", ...baseline.pathspec],
        call,
      ),
    async checkout(folder) {
      const environment = { ...call.environment, GIT_INDEX_FILE: `${call.environment?.["GIT_INDEX_FILE"] ?? ""}.base` };
      await git.run(["read-tree", was], { ...call, environment });
      await git.run(["checkout-index", "-a", "-f", `--prefix=${folder}/`], { ...call, environment, timeoutMs: 300_000 });
    },
  };
}

/** A home that is a workspace, too, has folders of the orchestrator in it. */
const ofHome = (path: string, home: string | null): boolean =>
  home !== null &&
  (home === "" ? /^(?:snapshots|executions|worktrees|replays|postgres|\.[^/]+)\//.test(path) : path.startsWith(`${home}/`));

/** Texts of files as they were, by one process. */
async function contents(git: Git, call: GitCall, tree: string, paths: string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (paths.length === 0) return found;
  const input = paths.map((path) => `${tree}:${path}\n`).join("");
  const { stdout } = await git.run(["cat-file", "--batch"], { ...call, input });
  let at = 0;
  for (const path of paths) {
    const end = stdout.indexOf("\n", at);
    const [, kind, size] = stdout.subarray(at, end).toString().split(" ");
    if (kind === "missing" || size === undefined) {
      at = end + 1;
      continue;
    }
    const bytes = Number(size);
    const text = stdout.subarray(end + 1, end + 1 + bytes);
    at = end + 1 + bytes + 1;
    if (kind === "blob" && bytes <= longestFile && !text.includes(0)) found.set(path, text.toString());
  }
  return found;
}

async function onDisk(top: string, paths: string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const path of paths) {
    const bytes = await readFile(join(top, path)).catch(() => undefined); // a link to nowhere, or gone meanwhile
    if (bytes !== undefined && bytes.length <= longestFile && !bytes.includes(0)) found.set(path, bytes.toString());
  }
  return found;
}
