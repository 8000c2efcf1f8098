/**
 * Starts the MCP server of the Longhaul that is installed here. Claude Code may have copied the plugin to a place of its own, so the program
 * is found by: LONGHAUL_PROGRAM, the folder around the plugin, what `longhaul init` noted, or the command `longhaul`.
 */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { longhaulHome } from "./orchestrator.mjs";

const program = [process.env.LONGHAUL_PROGRAM, beside(), noted(), onPath()].find((path) => path && existsSync(path));
if (program === undefined) {
  console.error(
    "Longhaul is not installed where the plugin can find it. What to do: in its folder run 'npm install' and 'node bin/longhaul.mjs init', or set LONGHAUL_PROGRAM to its bin/longhaul.mjs.",
  );
  process.exit(1);
}
// The program reads its arguments as if it had been started itself: one process instead of two.
process.argv = [process.execPath, program, "mcp"];
await import(pathToFileURL(program).href);

/** A plugin that is read from a clone of the repository. */
function beside() {
  return fileURLToPath(new URL("../../bin/longhaul.mjs", import.meta.url));
}

function noted() {
  try {
    return readFileSync(join(longhaulHome(), "program"), "utf8").trim();
  } catch {
    return undefined;
  }
}

function onPath() {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, "longhaul");
    if (folder === "" || !existsSync(path)) continue;
    const file = realpathSync(path);
    if (file.endsWith(".mjs")) return file;
  }
  return undefined;
}
