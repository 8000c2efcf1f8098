import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CommandLine, createCommandLine } from "./command-line.ts";

let longhaul: CommandLine;
beforeAll(async () => {
  longhaul = await createCommandLine();
});
afterAll(() => longhaul.remove());

it("rollback shows the difference, changes nothing unasked, goes back with --yes, and --undo takes it back", async () => {
  const workspace = join(longhaul.home, "work");
  await mkdir(workspace);
  const tasks = ["one", "two"].map((id, index) => ({
    id,
    title: id,
    command: `echo ${id} >> log`,
    dependencies: index === 0 ? [] : ["one"],
  }));
  await writeFile(join(longhaul.home, "plan.json"), JSON.stringify({ title: "Two lines", tasks }));
  expect(await longhaul.run(["run", "plan.json", "--workspace", workspace])).toMatchObject({ code: 0 });
  const log = () => readFile(join(workspace, "log"), "utf8");

  expect((await longhaul.run(["checkpoints", "latest"])).out.match(/^\S+ {2}(before|after) +(one|two)/gm)).toHaveLength(4);
  const shown = await longhaul.run(["rollback", "latest", "one", "--dry-run"]);
  expect(shown).toMatchObject({ code: 0, out: expect.stringMatching(/~ log {2}\+0 -1\n[\s\S]*two {2}completed → pending/) });
  expect(await longhaul.run(["rollback", "latest", "one"])).toMatchObject({
    code: 4,
    err: expect.stringMatching(/Nothing was changed/),
  });
  expect(await log()).toBe("one\ntwo\n");

  expect(await longhaul.run(["rollback", "latest", "one", "--yes"])).toMatchObject({
    code: 0,
    out: expect.stringContaining("--undo"),
  });
  expect(await log()).toBe("one\n");
  expect(await longhaul.json(["status", "latest"])).toMatchObject({ status: "paused" });
  expect(await longhaul.run(["rollback", "latest", "--undo", "--yes"])).toMatchObject({ code: 0 });
  expect(await log()).toBe("one\ntwo\n");
  expect(await longhaul.run(["rollback", "latest", "three", "--yes"])).toMatchObject({
    code: 5,
    err: expect.stringContaining("'three'"),
  });
  expect(await longhaul.run(["rollback", "latest", "--yes"])).toMatchObject({ code: 2 });
});
