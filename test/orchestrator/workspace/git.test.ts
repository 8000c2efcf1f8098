import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { treeState } from "../../../orchestrator/verification/tree-state.ts";
import { createGit } from "../../../orchestrator/workspace/git.ts";

it("starts no program that a task left in the repository's configuration, and merges as text", async () => {
  const root = await mkdtemp("/tmp/longhaul-git-");
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const [folder, traces] = [join(root, "repository"), join(root, "traces")];
  const plain = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: folder, encoding: "utf8" });
  execFileSync("mkdir", [folder, traces]);
  plain("init", "-q", "-b", "main");
  const lines = (first: string, last: string) => [first, "2", "3", "4", "5", "6", "7", last, ""].join("\n");
  await writeFile(join(folder, "file.txt"), lines("1", "8"));
  plain("add", ".");
  plain("commit", "-q", "-m", "base");
  plain("checkout", "-q", "-b", "side");
  await writeFile(join(folder, "file.txt"), lines("1", "side"));
  plain("commit", "-q", "-a", "-m", "side");
  plain("checkout", "-q", "main");
  await writeFile(join(folder, "file.txt"), lines("main", "8"));
  plain("commit", "-q", "-a", "-m", "main");

  const trap = join(root, "trap");
  await writeFile(trap, `#!/bin/sh\necho "$@" >> "${traces}/$1"\ncat\n`);
  await chmod(trap, 0o755);
  await writeFile(join(folder, ".gitattributes"), "*.txt filter=evil merge=evil diff=evil\n");
  await writeFile(join(root, "included"), `[filter "evil"]\n\tsmudge = ${trap} smudge\n`);
  for (const [name, value] of [
    ["filter.evil.clean", `${trap} clean`],
    ["filter.evil.required", "true"],
    ["merge.evil.driver", `${trap} merge %A`],
    ["diff.evil.command", `${trap} diff`],
    ["diff.evil.textconv", `${trap} textconv`],
    ["include.path", join(root, "included")],
    ["core.fsmonitor", `${trap} fsmonitor`],
  ] as const)
    plain("config", name, value);

  const git = createGit(process.env["PATH"], root);
  await writeFile(join(folder, "new.txt"), "new\n");
  expect(await treeState(git, folder)).toMatchObject({ tree: expect.any(String) });
  await git.run(["worktree", "add", "-q", "--detach", join(root, "tree"), "main"], { cwd: folder });
  const tree = { cwd: join(root, "tree") };
  await git.run(["status", "--porcelain"], tree);
  await git.run(["merge", "--no-ff", "-q", "-m", "merged", "side"], tree);
  expect(await readFile(join(root, "tree", "file.txt"), "utf8")).toBe(lines("main", "side"));
  expect(await readdir(traces)).toEqual([]);
  execFileSync("git", ["status"], { cwd: folder, stdio: "ignore" }); // what would have run otherwise
  execFileSync("git", ["add", "-A"], { cwd: folder, stdio: "ignore" });
  expect(await readdir(traces)).not.toEqual([]);
});
