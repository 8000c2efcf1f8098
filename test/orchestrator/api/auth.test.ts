import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createAuth, createTokenFile, readTokenFile } from "../../../orchestrator/api/auth.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "longhaul-auth-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a token has 256 bits and lies in a file that only its owner can read", async () => {
  const path = join(folder, "token");
  const token = await createTokenFile(path);
  expect(Buffer.from(token, "base64url")).toHaveLength(32);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readTokenFile(path)).toBe(token);
  expect((await readFile(path, "utf8")).trim()).toBe(token);
});

test("an existing token is kept, and of many creators at once one wins", async () => {
  const path = join(folder, "token");
  const tokens = await Promise.all(Array.from({ length: 20 }, () => createTokenFile(path)));
  expect(new Set(tokens).size).toBe(1);
  expect(await createTokenFile(path)).toBe(tokens[0]);
  expect(await readdir(folder)).toEqual(["token"]);
});

test("a token that others can read is refused with the remedy", async () => {
  const path = join(folder, "token");
  await createTokenFile(path);
  await chmod(path, 0o644);
  await expect(readTokenFile(path)).rejects.toMatchObject({ code: "forbidden", hint: expect.stringContaining("chmod 600") });
});

test("a missing or empty token file is an error that names it", async () => {
  const path = join(folder, "token");
  await expect(readTokenFile(path)).rejects.toMatchObject({ code: "unauthorized", message: expect.stringContaining(path) });
  await writeFile(path, "\n", { mode: 0o600 });
  await expect(readTokenFile(path)).rejects.toMatchObject({
    code: "unauthorized",
    message: expect.stringContaining("no usable token"),
  });
});

test("only the very token is the owner's", async () => {
  const auth = createAuth("correct horse battery staple");
  expect(await auth.principalOf("correct horse battery staple")).toEqual({ kind: "owner" });
  for (const wrong of ["", "correct", "correct horse battery staple ", "Correct horse battery staple"])
    expect(await auth.principalOf(wrong)).toBeUndefined();
});
