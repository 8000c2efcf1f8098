/** The plan that a command names: an existing file or folder. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { exitCodes } from "./exit-codes.ts";
import { CommandFailure } from "./failure.ts";

export async function planPath(file: string): Promise<string> {
  const path = resolve(file);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new CommandFailure(`${path}: no such file or folder.`, exitCodes.usage);
  return path;
}
