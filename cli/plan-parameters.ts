/** Values for templates from the command line: `--set name=value`, and a file with one entry for each plan. */
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { InvalidArgumentError } from "commander";
import { exitCodes } from "./exit-codes.ts";
import { CommandFailure } from "./failure.ts";

export type Parameters = Record<string, string>;

/** Collects repeated `--set name=value`. */
export function parameter(text: string, given: Parameters = {}): Parameters {
  const [, name, value] = /^([\w-]+)=([\s\S]*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("It must be name=value.");
  return { ...given, [name]: value };
}

/** Reads entries from CSV (with a head line), JSON or YAML (a list of objects). */
export async function readEntries(file: string): Promise<Parameters[]> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new CommandFailure(`${file}: ${error instanceof Error ? error.message : String(error)}`, exitCodes.usage);
  });
  let data: unknown;
  try {
    data = await parse(text, extname(file).toLowerCase());
  } catch (error) {
    throw new CommandFailure(`${file}: ${error instanceof Error ? error.message : String(error)}`, exitCodes.usage);
  }
  if (!Array.isArray(data) || data.length === 0 || !data.every(isEntry)) {
    const remedy = 'One entry for each plan, for example [{"service": "auth"}, {"service": "billing"}], or CSV with a head line.';
    throw new CommandFailure(`${file}: this is no list of entries with texts and numbers.`, exitCodes.usage, remedy);
  }
  return data.map((entry) => Object.fromEntries(Object.entries(entry).map(([name, value]) => [name, String(value)])));
}

async function parse(text: string, extension: string): Promise<unknown> {
  if (extension === ".csv")
    return (await import("csv-parse/sync")).parse(text, { columns: true, skip_empty_lines: true, bom: true });
  if (extension === ".yaml" || extension === ".yml") return (await import("yaml")).parse(text, { schema: "failsafe" });
  return JSON.parse(text);
}

const isEntry = (entry: unknown): entry is Record<string, string | number> =>
  typeof entry === "object" &&
  entry !== null &&
  !Array.isArray(entry) &&
  Object.values(entry).every((value) => typeof value === "string" || typeof value === "number");
