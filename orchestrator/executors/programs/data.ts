/**
 * Tasks of kind `data`: files and query results in, a JSONata expression, a file out. The expression is interpreted, never evaluated as code, and
 * this process is the task's own: one that runs away meets the task's limits and nobody else.
 */
import { writeFile } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import type { DataParams, DataSource } from "../../../plan/params/data.ts";
import type { Around, Perform } from "./program.ts";
import { readFromWorkspace, saveInWorkspace } from "./workspace-file.ts";

type Format = NonNullable<DataSource["format"]>;

const shownCharacters = 4096;
const queryMs = 120_000;
const mediaTypes: Record<Format, string> = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  csv: "text/csv",
  text: "text/plain",
};

/** What the plan got wrong: no further attempt will do better. */
class BadData extends Error {}

export const performData: Perform<DataParams> = async (params, around) => {
  try {
    const input =
      params.input === undefined
        ? Object.fromEntries(
            await Promise.all(
              Object.entries(params.inputs ?? {}).map(
                async ([name, source]) => [name, await read(source, around, name)] as const,
              ),
            ),
          )
        : await read(params.input, around, "input");
    const value = params.expression === undefined ? input : await compute(params.expression, input);
    if (value === undefined) throw new BadData("the expression gives nothing");
    const format = params.output ?? formatOf(params.saveAs) ?? (typeof value === "string" ? "text" : "json");
    const text = render(value, format);
    const name = `result.${format === "text" ? "txt" : format}`;
    await writeFile(join(around.artifacts, name), text, { mode: 0o600 });
    if (params.saveAs !== undefined) await saveInWorkspace(around.workspace, inFolder(around, params.saveAs), text);
    const size = Array.isArray(value) ? `${value.length} rows` : `${text.length} characters`;
    around.say(text.slice(0, shownCharacters));
    return {
      status: "succeeded",
      message: `${size}${params.saveAs === undefined ? "" : ` in ${params.saveAs}`}`,
      summary: text.slice(0, shownCharacters),
      artifacts: [{ name, mediaType: mediaTypes[format] }],
    };
  } catch (error) {
    if (!(error instanceof BadData)) throw error;
    return { status: "failed", failureClass: "permanent", message: error.message };
  }
};

const inFolder = ({ workspace, folder }: Around, path: string): string => relative(workspace, join(folder, path));

async function read(source: DataSource, around: Around, name: string): Promise<unknown> {
  if (source.sql !== undefined) {
    const rows = await query(source.sql, around.secrets[`database:${source.sql.database}`] ?? "");
    around.say(`${name}: ${rows.length} rows of a query`);
    return rows;
  }
  if (source.file === undefined) return source.value;
  const bytes = await readFromWorkspace(around.workspace, inFolder(around, source.file)).catch((error: unknown) => {
    throw new BadData(`${source.file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  around.say(`${name}: ${bytes.length} bytes of ${source.file}`);
  return parse(bytes.toString("utf8").replace(/^\u{FEFF}/u, ""), source.format ?? formatOf(source.file) ?? "text", source.file);
}

function formatOf(path: string | undefined): Format | undefined {
  const known: Record<string, Format> = {
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "text",
  };
  return path === undefined ? undefined : known[extname(path).toLowerCase()];
}

async function parse(text: string, format: Format, file: string): Promise<unknown> {
  const broken = (error: unknown) =>
    new BadData(`${file} is not ${format}: ${error instanceof Error ? error.message : String(error)}`);
  try {
    if (format === "json") return JSON.parse(text);
    if (format === "ndjson")
      return text
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map((line) => JSON.parse(line) as unknown);
    if (format === "csv") {
      const { parse: parseCsv } = await import("csv-parse/sync");
      return parseCsv(text, { columns: true, skip_empty_lines: true, ...(file.endsWith(".tsv") ? { delimiter: "\t" } : {}) });
    }
  } catch (error) {
    throw broken(error);
  }
  return text;
}

async function compute(expression: string, input: unknown): Promise<unknown> {
  const { default: jsonata } = await import("jsonata");
  try {
    const result: unknown = await jsonata(expression).evaluate(input);
    return result === undefined ? undefined : (JSON.parse(JSON.stringify(result)) as unknown); // its lists carry marks of their own
  } catch (error) {
    const { message, position } = error as { message?: string; position?: number };
    throw new BadData(
      `the expression is wrong${position === undefined ? "" : ` at character ${position}`}: ${message ?? String(error)}`,
    );
  }
}

/** Reads only: the transaction refuses to change anything, whatever the query says. */
async function query(sql: NonNullable<DataSource["sql"]>, connectionString: string): Promise<unknown[]> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 20_000, statement_timeout: queryMs });
  await client.connect();
  try {
    await client.query("begin transaction read only");
    const { rows } = await client.query<Record<string, unknown>>({
      text: sql.query,
      values: sql.values,
      queryMode: "extended",
    } as never);
    if (rows.length > sql.mostRows) throw new BadData(`the query has ${rows.length} rows, more than mostRows (${sql.mostRows})`);
    return JSON.parse(JSON.stringify(rows)) as unknown[];
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== undefined && /^(?:42|25006|22|0A)/.test(code))
      throw new BadData(`the query is refused: ${(error as Error).message}`);
    throw error;
  } finally {
    await client.end();
  }
}

function render(value: unknown, format: Format): string {
  if (format === "json") return `${JSON.stringify(value, null, 2)}\n`;
  if (format === "text") return typeof value === "string" ? value : JSON.stringify(value);
  const rows = Array.isArray(value) ? (value as unknown[]) : [value];
  if (format === "ndjson") return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const columns = [...new Set(rows.flatMap((row) => (isRecord(row) ? Object.keys(row) : [])))];
  if (columns.length === 0) throw new BadData("csv needs a list of objects");
  const lines = rows.map((row) => columns.map((column) => cell(isRecord(row) ? row[column] : undefined)).join(","));
  return `${[columns.map(cell).join(","), ...lines].join("\n")}\n`;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

function cell(value: unknown): string {
  const text = value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
