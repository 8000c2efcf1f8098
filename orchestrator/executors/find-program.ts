/** Programs of this machine by their names. */
import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** The path of the first of some programs that is there and may be run. @param searched folders as in PATH */
export function findProgram(names: readonly string[], searched: string | undefined): string | undefined {
  const folders = (searched ?? "").split(delimiter).filter(isAbsolute);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(mayRun);
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
