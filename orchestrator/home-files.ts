/** Small files in LONGHAUL_HOME: the name of the node, and where its API is. */
import { randomUUID } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The node keeps its name over restarts: that is how it finds its own attempts again. */
export async function nodeId(home: string): Promise<string> {
  const path = join(home, "node-id");
  const known = await readFile(path, "utf8").catch(() => "");
  if (known.trim() !== "") return known.trim();
  const id = randomUUID();
  await writeFile(path, `${id}\n`, { mode: 0o600 });
  return id;
}

/** Appears whole or not at all; `longhaul` and the MCP server look for it. */
export async function publishAddress(home: string, address: object): Promise<void> {
  const path = join(home, "orchestrator.json");
  await writeFile(`${path}.new`, `${JSON.stringify(address, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
