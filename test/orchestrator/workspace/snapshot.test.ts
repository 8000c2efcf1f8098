import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createGit } from "../../../orchestrator/workspace/git.ts";
import { createSnapshots, emptyTree } from "../../../orchestrator/workspace/snapshot.ts";
import { contentsOf, createFolder, type Folder } from "./folder.ts";

let folder: Folder;
afterEach(() => folder.remove());

const ref = (name: string) => `refs/longhaul/e/${name}`;

/** Everything of the repository that is the user's, as one text. */
function userState({ sh, workspace }: Folder): string {
  const index = createHash("sha256")
    .update(readFileSync(join(workspace, ".git/index")))
    .digest("hex");
  return `${index}\n${sh("git for-each-ref refs/heads refs/tags refs/stash; cat .git/HEAD .git/config; git reflog --all; git stash list; ls .git/hooks .git | grep -v objects")}`;
}

describe.each([true, false])("a snapshot, in a git repository: %s", (repository) => {
  it("brings back every file: untracked, links, executable bits, odd names, odd bytes", async () => {
    folder = createFolder(repository);
    const { sh, workspace } = folder;
    const snapshots = folder.snapshots();
    sh(`mkdir -p deep/er; echo one > deep/er/file; ln -s deep/er link; ln -s nowhere broken; echo run > tool; chmod +x tool
        printf 'a\\r\\nb\\0c' > 'odd "name"
with line'; printf 'x\\r\\n' > crlf.txt; echo '* text=auto eol=lf filter=evil' > .gitattributes; echo '-n' > -- ; mkdir empty`);
    const before = contentsOf(workspace);
    const { tree } = await snapshots.take(workspace, ref("0-1-before"), "m");
    sh(
      `rm -rf deep link tool; echo other > crlf.txt; mkdir tool; echo in > tool/file; chmod +x broken 2>/dev/null || true; echo new > new; rm -- --`,
    );
    const after = contentsOf(workspace);
    const undo = await snapshots.restore(workspace, tree, ref("rollback-1"));
    expect(contentsOf(workspace)).toEqual(before);
    await snapshots.restore(workspace, undo.tree, ref("rollback-2"));
    expect(contentsOf(workspace)).toEqual(after);
  });

  it("is the one that is there already when nothing changed, also for the next process", async () => {
    folder = createFolder(repository);
    const { sh, workspace } = folder;
    sh("echo a > a");
    const first = await folder.snapshots().take(workspace, ref("0-1-before"), "m");
    expect(await folder.snapshots().take(workspace, ref("0-1-after"), "m")).toEqual(first);
    sh("echo b > a");
    expect(await folder.snapshots().take(workspace, ref("1-1-after"), "m")).toMatchObject({ ref: ref("1-1-after") });
  });

  it("says what a restore would do and does nothing", async () => {
    folder = createFolder(repository);
    const { sh, workspace } = folder;
    const snapshots = folder.snapshots();
    sh("printf '1\\n2\\n' > a; echo b > b; chmod -x b");
    const { tree } = await snapshots.take(workspace, ref("0-1-before"), "m");
    sh("printf '1\\n3\\n' > a; rm b; printf '\\0' > c");
    const now = contentsOf(workspace);
    expect(await snapshots.compare(workspace, tree)).toEqual([
      { path: "a", change: "modified", insertions: 1, deletions: 1 },
      { path: "b", change: "added", insertions: 1, deletions: 0 },
      { path: "c", change: "deleted", insertions: null, deletions: null },
    ]);
    expect(contentsOf(workspace)).toEqual(now);
  });

  it("works around nested repositories and leaves their contents alone", async () => {
    folder = createFolder(repository);
    const { sh, workspace } = folder;
    const snapshots = folder.snapshots();
    sh(`echo a > a; git init -q fresh; echo f > fresh/f
        git init -q made; cd made; git -c user.name=u -c user.email=u@l commit -q --allow-empty -m x; echo m > m`);
    const { tree } = await snapshots.take(workspace, ref("0-1-before"), "m");
    sh("echo b > a; echo f2 > fresh/f; echo m2 > made/m");
    await snapshots.restore(workspace, tree, ref("rollback-1"));
    expect(contentsOf(workspace)).toMatchObject({ a: "a\n", "fresh/f": "f2\n", "made/m": "m2\n" });
  });

  it("survives a lock that a killed process left, a broken index and a repository that appears later", async () => {
    folder = createFolder(repository);
    const { sh, workspace, home } = folder;
    sh("echo a > a");
    const { tree } = await folder.snapshots().take(workspace, ref("0-1-before"), "m");
    const [name] = execFileSync("ls", [join(home, "snapshots")], { encoding: "utf8" })
      .trim()
      .split("\n") as [string];
    writeFileSync(join(home, "snapshots", name, "index.lock"), "");
    writeFileSync(join(home, "snapshots", name, "index"), "broken");
    sh("echo b > b; git init -q");
    const snapshots = folder.snapshots();
    await snapshots.take(workspace, ref("1-1-before"), "m");
    await snapshots.restore(workspace, tree, ref("rollback-1"));
    expect(existsSync(join(workspace, "b"))).toBe(false);
  });
});

describe("in the user's repository", () => {
  it("index, branches, stash, reflog, hooks and configuration stay as they are, and nothing planted there runs", async () => {
    folder = createFolder(true);
    const { sh, workspace } = folder;
    sh(`echo staged > staged; git add staged; echo stashed > tracked; git stash -q; echo changed > tracked
        for hook in reference-transaction post-checkout post-index-change pre-commit; do printf '#!/bin/sh\\ntouch planted\\n' > .git/hooks/$hook; chmod +x .git/hooks/$hook; done
        git config core.fsmonitor "touch $PWD/planted"; git config core.autocrlf true; git config filter.evil.clean "touch $PWD/planted; cat"
        git config core.logAllRefUpdates always; echo '* filter=evil' > .git/info/attributes`);
    rmSync(join(workspace, "planted"), { force: true });
    const state = userState(folder);
    const snapshots = folder.snapshots();
    rmSync(join(workspace, "planted"), { force: true });
    const { tree } = await snapshots.take(workspace, ref("0-1-before"), "m");
    writeFileSync(join(workspace, "tracked"), "again\r\n");
    await snapshots.restore(workspace, tree, ref("rollback-1"));
    expect(existsSync(join(workspace, "planted"))).toBe(false);
    expect(userState(folder)).toBe(state);
    expect(readFileSync(join(workspace, "tracked"), "utf8")).toBe("changed\n");
  });

  it("takes only the workspace when that is a folder of the repository, by the repository's ignore rules", async () => {
    folder = createFolder(true);
    const { sh, workspace } = folder;
    sh("mkdir -p sub; echo s > sub/s; echo i > sub/ignored-file; echo outside > outside");
    const snapshots = folder.snapshots();
    const { tree } = await snapshots.take(join(workspace, "sub"), ref("0-1-before"), "m");
    expect(sh(`git ls-tree -r --name-only ${tree}`)).toBe("sub/s\n");
    sh("echo 2 > sub/s; echo 2 > outside; echo 2 > sub/new");
    await snapshots.restore(join(workspace, "sub"), tree, ref("rollback-1"));
    expect(contentsOf(workspace)).toMatchObject({ "sub/s": "s\n", outside: "2\n", "sub/ignored-file": "i\n" });
    expect(existsSync(join(workspace, "sub/new"))).toBe(false);
  });

  it("keeps an ignored file that is in the way of a restore", async () => {
    folder = createFolder(true);
    const { sh, workspace } = folder;
    const snapshots = folder.snapshots();
    sh("echo plain > config");
    const { tree } = await snapshots.take(workspace, ref("0-1-before"), "m");
    sh("rm config; mkdir config; echo precious > config/secret; echo config >> .gitignore");
    const undo = await snapshots.restore(workspace, tree, ref("rollback-1"));
    expect(readFileSync(join(workspace, "config"), "utf8")).toBe("plain\n");
    await snapshots.restore(workspace, undo.tree, ref("rollback-2"));
    expect(readFileSync(join(workspace, "config/secret"), "utf8")).toBe("precious\n");
  });
});

it("an empty scratch folder costs no git at all, and can be gone back to", async () => {
  folder = createFolder(false);
  const { sh, workspace, home } = folder;
  const snapshots = folder.snapshots();
  expect(await snapshots.take(workspace, ref("0-1-before"), "m")).toEqual({ tree: emptyTree, ref: null });
  expect(existsSync(join(home, "snapshots"))).toBe(false);
  sh("echo a > a");
  await snapshots.restore(workspace, emptyTree, ref("rollback-1"));
  expect(contentsOf(workspace)).toEqual({});
});

it("never has the orchestrator's own home in it", async () => {
  folder = createFolder(false);
  const { sh, workspace } = folder;
  sh("mkdir -p home/postgres; echo a > a; echo data > home/postgres/base");
  const home = join(workspace, "home");
  const snapshots = createSnapshots({ git: createGit(process.env["PATH"], home), home, now: Date.now });
  const { tree } = await snapshots.take(workspace, ref("0-1-before"), "m");
  sh("echo b > a; echo more > home/postgres/base");
  await snapshots.restore(workspace, tree, ref("rollback-1"));
  expect(contentsOf(workspace)).toMatchObject({ a: "a\n", "home/postgres/base": "more\n" });
});
