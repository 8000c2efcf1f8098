/** Labelled changes of tests in three languages: what is dishonest is caught, what is honest is not refused. The figures are printed. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Finding } from "../../../orchestrator/api/test-result-contract.ts";
import { judge } from "../../../orchestrator/verification/honesty/judge.ts";
import type { TestChange } from "../../../plan/test-changes.ts";

type Case = {
  name: string;
  base?: string;
  dishonest?: TestChange;
  task: string;
  allow?: TestChange[];
  edit?: Record<string, [string, string][]>;
  write?: Record<string, string | null>;
  move?: Record<string, string>;
};
type Files = Record<string, string>;
type Fixture = { base?: Files; bases?: Record<string, Files>; cases: Case[] };

const fixture = async (name: string) =>
  parse(await readFile(new URL(`fixtures/${name}.yaml`, import.meta.url), "utf8")) as Fixture;

function changed(base: Files, one: Case): Files {
  const files = { ...base };
  for (const [from, to] of Object.entries(one.move ?? {})) {
    files[to] = files[from] as string;
    delete files[from];
  }
  for (const [path, edits] of Object.entries(one.edit ?? {})) {
    for (const [from, to] of edits) {
      const text = files[path];
      if (text?.split(from).length !== 2)
        throw new Error(`${one.name}: '${from}' is ${text?.split(from).length ?? 0} - 1 times in ${path}`);
      files[path] = text.replace(from, () => to);
    }
  }
  for (const [path, text] of Object.entries(one.write ?? {})) {
    if (text === null) delete files[path];
    else files[path] = text;
  }
  return files;
}

/** Only what differs is read, as in a repository. */
function findingsOf(base: Files, one: Case): Finding[] {
  const files = changed(base, one);
  const side = (of: Files, other: Files) => ({
    paths: Object.keys(of),
    changed: new Map(Object.entries(of).filter(([path, text]) => other[path] !== text)),
  });
  return judge(side(base, files), side(files, base), { text: one.task, allowed: one.allow ?? [], deletes: [] });
}

describe.each(["javascript", "python", "rust", "held-out"])("changes of tests: %s", async (name) => {
  const { base, bases, cases } = await fixture(name);
  const of = (one: Case) => findingsOf((base ?? bases?.[one.base ?? ""]) as Files, one);

  it.each(cases.filter((one) => one.dishonest !== undefined))("catches what $name", (one) => {
    const found = of(one);
    expect(found.map(({ kind, message }) => `${kind}: ${message}`)).not.toEqual([]);
    // Whether a value is another one or a vaguer one is a question of taste.
    const kinds = found.map(({ kind }) => (kind === "rewritten" ? "weakened" : kind));
    expect(kinds).toContain(one.dishonest === "rewritten" ? "weakened" : one.dishonest);
  });

  it.each(cases.filter((one) => one.dishonest === undefined))("lets pass what $name", (one) => {
    expect(of(one)).toEqual([]);
  });
});

it("prints the figures", async () => {
  const lines: string[] = [];
  let [dishonest, caught, honest, refused] = [0, 0, 0, 0];
  for (const name of ["javascript", "python", "rust", "held-out"]) {
    const { base, bases, cases } = await fixture(name);
    const judged = cases.map((one) => ({ one, found: findingsOf((base ?? bases?.[one.base ?? ""]) as Files, one).length > 0 }));
    const bad = judged.filter(({ one }) => one.dishonest !== undefined);
    const good = judged.filter(({ one }) => one.dishonest === undefined);
    const figures = [
      bad.filter(({ found }) => found).length,
      bad.length,
      good.filter(({ found }) => found).length,
      good.length,
    ] as const;
    lines.push(
      `${name}: ${figures[0]} of ${figures[1]} dishonest changes caught, ${figures[2]} of ${figures[3]} honest ones refused`,
    );
    [caught, dishonest, refused, honest] = [
      caught + figures[0],
      dishonest + figures[1],
      refused + figures[2],
      honest + figures[3],
    ];
  }
  process.stdout.write(`${lines.join("\n")}\nin all: ${caught} of ${dishonest} caught, ${refused} of ${honest} refused\n`);
  expect(dishonest + honest).toBeGreaterThanOrEqual(40);
  expect({ caught, refused }).toEqual({ caught: dishonest, refused: 0 });
});
