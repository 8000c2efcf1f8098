/** `params` of a task of kind `data`: what to read, what to make of it, and where to put it. */
import { z } from "zod";
import { insidePath, whole } from "./scalars.ts";

const format = z.enum(["json", "ndjson", "csv", "text"]);

const DataSource = z
  .strictObject({
    file: insidePath.optional(),
    /** By the file's ending without it. */
    format: format.optional(),
    /** One query that changes nothing. `database` is the name of a secret that holds a postgres:// address. */
    sql: z
      .strictObject({
        database: z.string().regex(/^[A-Za-z_]\w*$/, "is the name of a secret that holds a postgres:// address"),
        query: z.string().trim().min(1),
        values: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).default([]),
        mostRows: whole(1, 1_000_000).default(10_000),
      })
      .optional(),
    value: z.unknown().optional(),
  })
  .refine((source) => [source.file, source.sql, source.value].filter((what) => what !== undefined).length === 1, {
    error: "give exactly one of file, sql or value",
  });
export type DataSource = z.infer<typeof DataSource>;

export const DataParams = z
  .strictObject({
    /** What the expression works on. */
    input: DataSource.optional(),
    /** Several, which the expression works on by their names. */
    inputs: z.record(z.string().regex(/^[A-Za-z_]\w*$/, "is not a name"), DataSource).optional(),
    /** JSONata; without it the input is only converted. */
    expression: z.string().trim().min(1).optional(),
    output: format.optional(),
    /** A file of the workspace for the result; it is an artifact in any case. */
    saveAs: insidePath.optional(),
    cwd: z.string().optional(),
  })
  .refine(({ input, inputs }) => (input === undefined) !== (inputs === undefined), { error: "give input or inputs" });
export type DataParams = z.infer<typeof DataParams>;
