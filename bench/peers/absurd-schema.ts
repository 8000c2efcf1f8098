/** absurd's SQL, which its npm package does not contain: it comes with absurd's releases as `absurd.sql`. */
import { readFile } from "node:fs/promises";
import type pg from "pg";
import { Unavailable } from "../engine.ts";

/** @throws Unavailable unless ABSURD_SQL names the file */
export async function installAbsurd(pool: pg.Pool): Promise<void> {
  const file = process.env.ABSURD_SQL;
  if (file === undefined)
    throw new Unavailable("its SQL is in no npm package; set ABSURD_SQL to the path of absurd.sql of its release");
  await pool.query(await readFile(file, "utf8"));
}
