/** What is different between two trees, file by file. */
import type { Git } from "./git.ts";
import type { Place } from "./place.ts";

export type FileChange = {
  path: string;
  change: "added" | "deleted" | "modified";
  /** Lines; null for binary files. */
  insertions: number | null;
  deletions: number | null;
};

const nestedRepository = "160000";

/** From the one tree to the other, in the order of paths; without nested repositories, whose contents no tree has. */
export async function readChanges(git: Git, place: Pick<Place, "files">, from: string, to: string): Promise<FileChange[]> {
  const { stdout } = await git.run(
    ["diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--raw", "--numstat", from, to],
    place.files,
  );
  const fields = stdout.toString().split("\0");
  const changes = new Map<string, FileChange["change"]>();
  const result: FileChange[] = [];
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index] as string;
    if (field.startsWith(":")) {
      const letter = field.at(-1);
      index += 1;
      if (!field.slice(1, 14).includes(nestedRepository))
        changes.set(fields[index] as string, letter === "A" ? "added" : letter === "D" ? "deleted" : "modified");
      continue;
    }
    const [, insertions, deletions, path] = /^(\d+|-)\t(\d+|-)\t([\s\S]*)$/.exec(field) ?? [];
    const change = path === undefined ? undefined : changes.get(path);
    if (path === undefined || change === undefined) continue;
    const lines = (text: string | undefined) => (text === undefined || text === "-" ? null : Number(text));
    result.push({ path, change, insertions: lines(insertions), deletions: lines(deletions) });
  }
  return result;
}
