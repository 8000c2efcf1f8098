/** Files of the workspace by the names that a plan gives them: links that lead out of it are not followed. */
import { mkdir, readFile, realpath, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";

/** @throws where the file lies outside, or is not there */
export async function readFromWorkspace(workspace: string, path: string): Promise<Buffer> {
  const file = await realpath(resolve(workspace, path));
  assertInside(await realpath(workspace), file, path);
  return readFile(file);
}

/** Writes the file whole, and the folders above it. @throws where it would lie outside */
export async function saveInWorkspace(workspace: string, path: string, content: string | Uint8Array): Promise<void> {
  const root = await realpath(workspace);
  const asked = resolve(root, path);
  assertInside(root, asked, path);
  await mkdir(dirname(asked), { recursive: true });
  const folder = await realpath(dirname(asked));
  assertInside(root, folder, path);
  const draft = join(folder, `.${basename(asked)}.longhaul-new`);
  await writeFile(draft, content);
  await rename(draft, join(folder, basename(asked)));
}

function assertInside(root: string, file: string, path: string): void {
  const way = relative(root, file);
  if (way === ".." || way.startsWith("../")) throw new Error(`${path} leads out of the workspace`);
}
