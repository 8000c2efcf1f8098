import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("../../client/", import.meta.url));

test("the client loads nothing of the server and no package, only types: mcp starts with it", async () => {
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".ts"))) {
    const source = await readFile(folder + file, "utf8");
    const loaded = [...source.matchAll(/^(import|export)(?! type)[^;]*? from "([^"]+)";/gms)].map((match) => match[2]);
    expect(
      loaded.filter((name) => !name?.startsWith("node:") && !name?.startsWith("./")),
      file,
    ).toEqual([]);
  }
});
