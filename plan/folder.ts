import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ParsedPlan } from "./model.ts";
import { type PlanOptions, parsePlan, parsePlanFiles } from "./parse.ts";
import { PlanError } from "./plan-error.ts";
import { resolveBeside } from "./siblings.ts";

/** Where tools keep the plan in their folder, best first. */
const planFiles = [
  /^ROADMAP\.md$/i,
  /^M\d+-ROADMAP\.md$/i,
  /^tasks\.md$/i,
  /^PLAN\.md$/i,
  /^(?:tasks|prd|plan)\.(?:json|ya?ml)$/i,
  /^issues\.jsonl$/i,
  /(?:^|[._-])plan\.md$/i,
  /^TODO\.md$/i,
];
const defaultMaxBytes = 2 * 1024 * 1024;
const planFolders = [".planning", ".gsd", ".taskmaster/tasks", ".beads", "tasks", "docs/plans"];

/** Reads a plan from a file, or from a folder in which a tool keeps one. Throws PlanError when there is none. */
export async function readPlanPath(path: string, options: PlanOptions = {}): Promise<ParsedPlan> {
  const kind = await stat(path).catch(() => undefined);
  if (!kind) throw missing(path);
  if (kind.isDirectory()) {
    const together = parsePlanFiles(await filesBelow(path, options.limits?.maxBytes), options);
    if (together) return together;
  }
  const file = kind.isDirectory() ? await planFileIn(path) : path;
  const limit = options.limits?.maxBytes;
  return resolveBeside(parsePlan({ ...options, bytes: await readBytes(file, limit), file }), file);
}

const mayBelong = /\.(?:md|json)$/i;
/** Enough for the largest backlog seen, and a bound for a folder that is no plan. */
const mostFiles = 2000;
const mostDepth = 4;

/** The texts below a folder, and below the folders of tools in it, that could be parts of one plan. */
async function filesBelow(folder: string, limit: number | undefined, depth = 0): Promise<{ bytes: Uint8Array; file: string }[]> {
  const found: { bytes: Uint8Array; file: string }[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    const hidden = entry.name.startsWith(".") && !planFolders.some((name) => name.startsWith(entry.name));
    if (hidden || entry.name === "node_modules") continue;
    if (entry.isDirectory() && depth < mostDepth) found.push(...(await filesBelow(path, limit, depth + 1)));
    else if (entry.isFile() && mayBelong.test(entry.name) && (await stat(path)).size <= (limit ?? defaultMaxBytes))
      found.push({ bytes: await readFile(path), file: path });
    if (found.length > mostFiles) return found.slice(0, mostFiles);
  }
  return found;
}

async function readBytes(file: string, limit: number | undefined): Promise<Uint8Array> {
  const { size } = await stat(file);
  const most = limit ?? defaultMaxBytes;
  // A file over the limit is not read at all; its first bytes are enough for the refusal.
  if (size > most) {
    throw new PlanError([
      {
        code: "too-large",
        message: `${file} has ${size} bytes; the limit is ${most} (limits.maxBytes).`,
        file,
        line: 1,
        column: 1,
        fix: "Split the plan by phase and hand the parts over one after the other, or raise the limit.",
      },
    ]);
  }
  return readFile(file);
}

async function planFileIn(folder: string): Promise<string> {
  for (const place of ["", ...planFolders]) {
    const names = await readdir(join(folder, place)).catch(() => []);
    for (const pattern of planFiles) {
      const name = names.sort().find((candidate) => pattern.test(candidate));
      if (name !== undefined) return join(folder, place, name);
    }
  }
  throw new PlanError([
    {
      code: "no-plan-file",
      message: `No plan file was found in ${folder} (looked for ROADMAP.md, tasks.md, PLAN.md, tasks.json and the like, also in ${planFolders.join(", ")}).`,
      file: folder,
      fix: `Name the file, for example ${join(basename(folder), "ROADMAP.md")}.`,
    },
  ]);
}

function missing(path: string): PlanError {
  return new PlanError([
    { code: "no-such-file", message: `There is no file or folder ${path}.`, file: path, fix: "Check the path." },
  ]);
}
