/**
 * Where snapshots of one workspace are made: a private git directory under LONGHAUL_HOME with its own index, configuration, ignore rules
 * and attributes, so that neither the user's index nor anything that the user or a task configured takes part.
 *
 * In a git repository the objects go to the repository's own store (nothing is copied twice) and the refs that keep them beside its
 * branches, under `refs/longhaul/`. A folder without git gets both in the private directory. What a workspace was at its first snapshot it
 * stays for its snapshots, also when a task runs `git init` later.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import type { Git, GitCall } from "./git.ts";

export type Place = {
  /** The folder whose files are taken, and the top of the tree it lies in. */
  workspace: string;
  top: string;
  /** The private git directory. */
  directory: string;
  /** The git directory that holds the refs: the repository's own or the private one. */
  refs: string;
  /** Whether the workspace lies in a repository of the user's. */
  isRepository: boolean;
  /** For git commands on files and the private index. */
  files: GitCall;
  /** For git commands on refs. */
  names: GitCall;
  /** Restricts commands to the workspace inside its repository; never empty. */
  pathspec: string[];
};

type Kept = { workspace: string; top: string; objects: string; refs: string; isRepository: boolean; format: string };

/** Contents as they are, byte for byte: no line-end conversion, no filters, no keywords, whatever the repository's attributes say. */
const attributes = "* -text -filter -ident -working-tree-encoding\n";

/** @param root folder for the private directories; @param home LONGHAUL_HOME, never part of a snapshot */
export async function openPlace(git: Git, root: string, home: string, workspace: string): Promise<Place> {
  const real = await realpath(workspace);
  const directory = join(root, `${createHash("sha256").update(real).digest("hex").slice(0, 24)}.git`);
  const keptFile = join(directory, "longhaul.json");
  let kept = existsSync(keptFile) ? (JSON.parse(await readFile(keptFile, "utf8")) as Kept) : undefined;
  if (kept !== undefined && !existsSync(kept.objects)) kept = undefined; // the repository was deleted, and its snapshots with it
  if (kept === undefined) kept = await createPlace(git, directory, real);
  await rm(join(directory, "index.lock"), { force: true }); // of an orchestrator that was killed
  await writeFile(join(directory, "info", "exclude"), await ignoreRules(git, kept));
  const inside = relative(kept.top, real);
  const ownHome = relative(kept.top, home);
  const exclude = ownHome === "" || ownHome.startsWith("..") || isAbsolute(ownHome) || !relative(home, real).startsWith("..");
  const environment = {
    GIT_DIR: directory,
    GIT_WORK_TREE: kept.top,
    GIT_INDEX_FILE: join(directory, "index"),
    GIT_OBJECT_DIRECTORY: kept.objects,
  };
  return {
    workspace: real,
    top: kept.top,
    directory,
    refs: kept.refs,
    isRepository: kept.isRepository,
    files: { cwd: kept.top, environment },
    names: { cwd: kept.refs, environment: { GIT_DIR: kept.refs } },
    pathspec: [inside === "" ? "." : `:(top,literal)${inside}`, ...(exclude ? [] : [`:(top,exclude,literal)${ownHome}`])],
  };
}

async function createPlace(git: Git, directory: string, workspace: string): Promise<Kept> {
  const asked = await git.run(["rev-parse", "--show-toplevel", "--git-common-dir", "--show-object-format"], {
    cwd: workspace,
    accept: [0, 128],
  });
  const [top, common, format] = asked.stdout.toString().trimEnd().split("\n");
  const isRepository = asked.code === 0 && top !== undefined && common !== undefined;
  const kept: Kept = isRepository
    ? {
        workspace,
        top,
        objects: join(resolve(workspace, common), "objects"),
        refs: resolve(workspace, common),
        isRepository,
        format: format ?? "sha1",
      }
    : { workspace, top: workspace, objects: join(directory, "objects"), refs: directory, isRepository: false, format: "sha1" };
  const making = `${directory}.${process.pid}.new`;
  await rm(making, { recursive: true, force: true });
  for (const folder of ["objects", "refs", "info"]) await mkdir(join(making, folder), { recursive: true, mode: 0o700 });
  const extensions = kept.format === "sha1" ? "" : `[extensions]\n\tobjectFormat = ${kept.format}\n`;
  await writeFile(
    join(making, "config"),
    `[core]\n\trepositoryFormatVersion = ${kept.format === "sha1" ? 0 : 1}\n\tfileMode = true\n\tsymlinks = true\n\tbare = false\n\tautocrlf = false\n\tquotePath = false\n\tuntrackedCache = true\n${extensions}`,
  );
  await writeFile(join(making, "HEAD"), "ref: refs/heads/none\n");
  await writeFile(join(making, "info", "attributes"), attributes);
  await writeFile(join(making, "longhaul.json"), `${JSON.stringify(kept, null, 2)}\n`);
  await rm(directory, { recursive: true, force: true });
  await rename(making, directory);
  return kept;
}

/** What the repository ignores besides its .gitignore files. The user's global rules are not asked: a snapshot rather has too much. */
async function ignoreRules(git: Git, kept: Kept): Promise<string> {
  if (!kept.isRepository) return "";
  const path = await git.text(["config", "--local", "--path", "--default", "", "core.excludesFile"], {
    cwd: kept.refs,
    environment: { GIT_DIR: kept.refs },
    accept: [0, 1],
  });
  const files = [join(kept.refs, "info", "exclude"), ...(path === "" ? [] : [resolve(kept.top, path)])];
  return (await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => "")))).join("\n");
}
