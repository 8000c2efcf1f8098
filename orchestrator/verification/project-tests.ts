/** How a project runs its tests: all of them, or those of some files. Found in what stands in its folder; nothing is asked of the project. */
import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { runnersOf } from "./runners/recognise.ts";

export type ProjectTests = {
  /** What the criterion is called, e.g. "pytest". */
  name: string;
  all: string;
  /** The command for these files of tests; undefined when the runner cannot be told. */
  some(files: readonly string[]): string | undefined;
};

/** @param folder of the project; a Makefile only counts where nothing else is known */
export async function projectTests(folder: string): Promise<ProjectTests[]> {
  const found = [await ofPackage(folder), await ofPython(folder), await ofCargo(folder), await ofGo(folder)].filter(
    (one) => one !== undefined,
  );
  if (found.length > 0) return found;
  const make = await ofMake(folder);
  return make === undefined ? [] : [make];
}

const text = (folder: string, name: string) => readFile(join(folder, name), "utf8").catch(() => undefined);
const exists = (folder: string, name: string) =>
  access(join(folder, name)).then(
    () => true,
    () => false,
  );
const quoted = (files: readonly string[]) => files.map((file) => `'${file.replaceAll("'", "'\\''")}'`).join(" ");
const javascript = /\.(?:[cm]?[jt]sx?|vue|svelte)$/;

async function ofPackage(folder: string): Promise<ProjectTests | undefined> {
  const content = await text(folder, "package.json");
  const script = scriptIn(content);
  if (script === undefined || /no test specified|^\s*(?:exit 0|true|:)?\s*$/.test(script)) return undefined;
  const locks = [
    ["pnpm-lock.yaml", "pnpm"],
    ["yarn.lock", "yarn"],
    ["bun.lock", "bun run"],
    ["bun.lockb", "bun run"],
  ] as const;
  let program = "npm";
  for (const [lock, name] of locks) if (await exists(folder, lock)) program = name;
  const runners = await runnersOf(script, folder);
  const takesFiles = ["vitest", "jest", "mocha", "node:test"].some((name) => runners.has(name as "vitest"));
  return {
    name: `${program} test`,
    all: `${program} test`,
    some: (files) => {
      const mine = files.filter((file) => javascript.test(file));
      if (!takesFiles || mine.length === 0) return undefined;
      return `${program} test${program === "npm" ? " --" : ""} ${quoted(mine)}`;
    },
  };
}

function scriptIn(content: string | undefined): string | undefined {
  try {
    const { scripts } = JSON.parse(content ?? "{}") as { scripts?: { test?: unknown } };
    return typeof scripts?.test === "string" ? scripts.test : undefined;
  } catch {
    return undefined; // broken: nothing can be run by it
  }
}

async function ofPython(folder: string): Promise<ProjectTests | undefined> {
  const [pyproject = "", setup = ""] = [await text(folder, "pyproject.toml"), await text(folder, "setup.cfg")];
  const configured =
    /^\[tool\.pytest/m.test(pyproject) || /^\[tool:pytest\]/m.test(setup) || (await exists(folder, "pytest.ini"));
  const names = await readdir(join(folder, "tests")).catch(() => []);
  const has = [...names, ...(await readdir(folder))].some((name) => /^(?:test_.*|.*_test|conftest)\.py$/.test(name));
  if (!configured && !has) return undefined;
  let program = "python3 -m pytest";
  if (await exists(folder, ".venv/bin/python")) program = ".venv/bin/python -m pytest";
  if (await exists(folder, "poetry.lock")) program = "poetry run pytest";
  if (await exists(folder, "uv.lock")) program = "uv run pytest";
  const mine = (files: readonly string[]) => files.filter((file) => file.endsWith(".py"));
  return {
    name: "pytest",
    all: program,
    some: (files) => (mine(files).length === 0 ? undefined : `${program} ${quoted(mine(files))}`),
  };
}

async function ofCargo(folder: string): Promise<ProjectTests | undefined> {
  if (!(await exists(folder, "Cargo.toml"))) return undefined;
  return {
    name: "cargo test",
    all: "cargo test",
    some: (files) => {
      const names = files.flatMap((file) => /^tests\/([\w-]+)\.rs$/.exec(file)?.[1] ?? []);
      return names.length === 0 ? undefined : `cargo test ${names.map((name) => `--test ${name}`).join(" ")}`;
    },
  };
}

async function ofGo(folder: string): Promise<ProjectTests | undefined> {
  if (!(await exists(folder, "go.mod"))) return undefined;
  return {
    name: "go test",
    all: "go test ./...",
    some: (files) => {
      const packages = new Set(
        files.filter((file) => file.endsWith(".go")).map((file) => `./${file.split("/").slice(0, -1).join("/")}`),
      );
      return packages.size === 0 ? undefined : `go test ${quoted([...packages])}`;
    },
  };
}

async function ofMake(folder: string): Promise<ProjectTests | undefined> {
  for (const name of ["Makefile", "makefile", "GNUmakefile"]) {
    const target = /^(test|check)\s*:(?!=)/m.exec((await text(folder, name)) ?? "")?.[1];
    if (target !== undefined) return { name: `make ${target}`, all: `make ${target}`, some: () => undefined };
  }
  return undefined;
}
