/**
 * Snapshots of a workspace: every file that is not ignored, tracked or not, as a git commit behind a hidden ref. The user's index, branches,
 * stash, hooks and configuration take no part (see place.ts).
 *
 * A tree that did not change since the last snapshot costs two short git calls and writes nothing: the index of the last one is kept, so git
 * compares file times instead of contents, and the snapshot that is there already is given back.
 *
 * Outside a snapshot: ignored files, contents of nested repositories and submodules (their commit is noted), empty folders, file times and
 * owners. Killed in between: an index lock that was left is removed when the workspace is opened again; objects without a ref are garbage
 * that git collects itself; a half-made restore is made again by the rollback that asked for it.
 */
import { lstat, readdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type FileChange, readChanges } from "./file-change.ts";
import { type Git, GitError } from "./git.ts";
import { openPlace, type Place } from "./place.ts";

/** The tree without files; git knows it without having it. */
export const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

export type Snapshot = {
  tree: string;
  /** The ref that keeps it; null for a workspace without files. */
  ref: string | null;
  /** What could not be read, in git's words; the rest is there. */
  problem?: string;
};

/** `madeMs` is when its ref was made. */
type Last = Snapshot & { takenMs: number; madeMs: number };
type Entry = { place: Place; last: Last | undefined; queue: Promise<unknown> };

export type SnapshotOptions = {
  git: Git;
  /** LONGHAUL_HOME; private git directories lie in `snapshots` there. */
  home: string;
  now(): number;
  /** Longest time that one snapshot may take, 30 s by default. */
  timeoutMs?: number;
};

/** A snapshot of this age, since which no task ran in the workspace, is good for the next task, too. */
const youngMs = 250;

/**
 * A ref is given back for later snapshots of the same files only that long, far below the shortest time that snapshots are kept: a ref
 * that is being cleaned up is never given back at the same moment.
 */
const reusableMs = 12 * 3_600_000;

export type Snapshots = ReturnType<typeof createSnapshots>;

export function createSnapshots(options: SnapshotOptions) {
  const { git, home, now } = options;
  const timeoutMs = options.timeoutMs ?? 30_000;
  const root = join(home, "snapshots");
  const entries = new Map<string, Promise<Entry>>();
  /** How many tasks run in a workspace. */
  const users = new Map<string, number>();

  async function entryOf(workspace: string): Promise<Entry> {
    const real = await realpath(workspace);
    const known = entries.get(real);
    if (known !== undefined) return known;
    const opening = openPlace(git, root, home, real).then(async (place) => ({
      place,
      last: await readLast(place),
      queue: Promise.resolve(),
    }));
    entries.set(real, opening);
    opening.catch(() => entries.delete(real));
    return opening;
  }

  /** One git command at a time on the private index of a workspace. */
  async function alone<Value>(workspace: string, work: (entry: Entry) => Promise<Value>): Promise<Value> {
    const entry = await entryOf(workspace);
    const turn = entry.queue.then(() => work(entry));
    entry.queue = turn.catch(() => undefined);
    return turn;
  }

  async function readLast(place: Place): Promise<Last | undefined> {
    const text = await readFile(join(place.directory, "last.json"), "utf8").catch(() => "");
    if (text === "") return undefined;
    const last = JSON.parse(text) as Last;
    if (last.ref === null) return undefined;
    const { code } = await git.run(["rev-parse", "--verify", "--quiet", last.ref], { ...place.names, accept: [0, 1, 128] });
    return code === 0 ? { ...last, takenMs: 0 } : undefined;
  }

  /** Brings the private index up to date with the files and writes it as a tree. */
  async function writeTree({ place, last }: Entry): Promise<{ tree: string; problem?: string }> {
    const call = { ...place.files, timeoutMs };
    for (let round = 1; ; round += 1) {
      try {
        const added = await git.run(["add", "-A", "--ignore-errors", "--", ...place.pathspec], { ...call, accept: [0, 1] });
        const tree = await git.text(["write-tree"], call);
        return { tree, ...(added.code === 0 ? {} : { problem: added.stderr.trim().slice(0, 500) }) };
      } catch (error) {
        if (!(error instanceof GitError) || round === 3) throw error;
        const nested = /'(.+?)\/?' does not have a commit checked out/.exec(error.stderr)?.[1];
        if (nested !== undefined && !place.pathspec.includes(leaveOut(nested))) place.pathspec.push(leaveOut(nested));
        // A file that vanished meanwhile, or an index that names objects that are gone: read everything again.
        else if (last === undefined || round === 2) await rm(join(place.directory, "index"), { force: true });
      }
    }
  }
  const leaveOut = (path: string) => `:(top,exclude,literal)${path}`;

  async function keep(entry: Entry, tree: string, ref: string, message: string): Promise<void> {
    const { place } = entry;
    const commit = await git.text(["commit-tree", "-m", message, tree], place.files);
    await git.run(["update-ref", ref, commit], place.names);
  }

  async function remember(entry: Entry, snapshot: Snapshot): Promise<void> {
    entry.last = { ...snapshot, takenMs: now(), madeMs: now() };
    const file = join(entry.place.directory, "last.json");
    await writeFile(`${file}.new`, JSON.stringify(entry.last));
    await rename(`${file}.new`, file);
  }

  async function takeNow(entry: Entry, ref: string, message: string): Promise<Snapshot> {
    const written = await writeTree(entry);
    if (written.tree === entry.last?.tree && entry.last.ref !== null && now() - entry.last.madeMs < reusableMs) {
      entry.last.takenMs = now();
      return { tree: written.tree, ref: entry.last.ref, ...(written.problem === undefined ? {} : { problem: written.problem }) };
    }
    await keep(entry, written.tree, ref, message);
    const snapshot = { ...written, ref };
    await remember(entry, snapshot);
    return snapshot;
  }

  /**
   * Takes a snapshot. The ref of the answer is `ref`, or that of an earlier snapshot with the same files.
   * @throws GitError when the files cannot be read within the time allowed
   */
  async function take(workspace: string, ref: string, message: string): Promise<Snapshot> {
    if (!entries.has(workspace) && (await readdir(workspace)).length === 0) return { tree: emptyTree, ref: null };
    return alone(workspace, async (entry) => {
      const { last } = entry;
      if (last !== undefined && !users.has(workspace) && now() - last.takenMs < youngMs)
        return { tree: last.tree, ref: last.ref };
      return takeNow(entry, ref, message);
    });
  }

  async function keepForUndo(entry: Entry, tree: string, undoRef: string): Promise<Snapshot> {
    const { place } = entry;
    const name = `${undoRef}^{tree}`;
    const known = await git.run(["rev-parse", "--verify", "--quiet", name], { ...place.names, accept: [0, 1, 128] });
    let current = (await writeTree(entry)).tree;
    const added = (await readChanges(git, place, current, tree)).filter((change) => change.change === "added");
    const inTheWay: string[] = [];
    for (const { path } of added) if (await exists(join(place.top, path))) inTheWay.push(path);
    if (inTheWay.length > 0) {
      const call = { ...place.files, input: inTheWay.map((path) => `:(top,literal)${path}\0`).join("") };
      await git.run(["add", "-f", "--pathspec-from-file=-", "--pathspec-file-nul"], call);
      current = await git.text(["write-tree"], place.files);
    }
    if (known.code === 0) return { tree: known.stdout.toString().trim(), ref: undoRef };
    await keep(entry, current, undoRef, "before a rollback");
    return { tree: current, ref: undoRef };
  }

  return {
    take,
    /** Runs `work`, during which the files may change at any time. */
    async during<Value>(workspace: string, work: () => Promise<Value>): Promise<Value> {
      users.set(workspace, (users.get(workspace) ?? 0) + 1);
      try {
        return await work();
      } finally {
        const left = (users.get(workspace) ?? 1) - 1;
        if (left === 0) users.delete(workspace);
        else users.set(workspace, left);
        const entry = await entries.get(workspace);
        if (entry?.last !== undefined) entry.last.takenMs = 0;
      }
    },
    /** Whether a task works in it now. */
    isInUse: (workspace: string): boolean => users.has(workspace),
    /** Hash of the files as they are. Keeps nothing. */
    treeOf: (workspace: string): Promise<string> => alone(workspace, async (entry) => (await writeTree(entry)).tree),
    /** Where the snapshots of a workspace are. */
    placeOf: async (workspace: string): Promise<Place> => (await entryOf(workspace)).place,
    /** What a restore of this tree would do to the files. Changes nothing. */
    compare: (workspace: string, tree: string): Promise<FileChange[]> =>
      alone(workspace, async (entry) => {
        const current = (await writeTree(entry)).tree;
        return readChanges(git, entry.place, current, tree);
      }),
    /** A snapshot under `undoRef` of what is there, also of ignored files that a restore of the tree would overwrite; made once. */
    keepForUndo: (workspace: string, tree: string, undoRef: string): Promise<Snapshot> =>
      alone(workspace, (entry) => keepForUndo(entry, tree, undoRef)),
    /**
     * Makes the files those of the tree. Can be repeated after a kill.
     * @returns the snapshot that undoes it
     */
    restore: (workspace: string, tree: string, undoRef: string): Promise<Snapshot> =>
      alone(workspace, async (entry) => {
        const { place } = entry;
        const undo = await keepForUndo(entry, tree, undoRef);
        await git.run(["read-tree", "--reset", "-u", tree], place.files);
        entry.last = undefined;
        await rm(join(place.directory, "last.json"), { force: true });
        const left = await readChanges(git, place, (await writeTree(entry)).tree, tree);
        if (left.length > 0)
          throw new Error(`${left.length} file(s) of ${workspace} could not be put back, e.g. ${left[0]?.path}`);
        return undo;
      }),
    /** Lets go of the snapshots of an execution but for those named; what nothing else keeps may be collected from now on. */
    drop: (workspace: string, executionId: string, keep: readonly string[]): Promise<void> =>
      alone(workspace, async (entry) => {
        const { place } = entry;
        const list = await git.text(["for-each-ref", "--format=%(refname)", `refs/longhaul/${executionId}/`], place.names);
        const gone = list.split("\n").filter((ref) => ref !== "" && !keep.includes(ref));
        if (gone.length === 0) return;
        const input = gone.map((ref) => `delete ${ref}\n`).join("");
        await git.run(["update-ref", "--stdin"], { ...place.names, input });
        // The kept index may name objects that only these refs kept: the next snapshot reads every file again.
        await rm(join(place.directory, "index"), { force: true });
        if (entry.last?.ref !== undefined && gone.includes(entry.last.ref ?? "")) {
          entry.last = undefined;
          await rm(join(place.directory, "last.json"), { force: true });
        }
        if (!place.isRepository) await git.run(["gc", "--prune=now", "--quiet"], { ...place.files, timeoutMs: 600_000 });
      }),
  };
}

const exists = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  );
