import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "../support/postgres.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let home: string;
let environment: Record<string, string | undefined>;
let drop: () => Promise<void>;

beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  home = await mkdtemp("/tmp/longhaul-cli-");
  await chmod(home, 0o711);
  environment = {
    PATH: process.env["PATH"],
    HOME: home,
    LONGHAUL_HOME: home,
    LONGHAUL_PORT: "0",
    DATABASE_URL: database.databaseUrl,
  };
});
afterAll(async () => {
  await longhaul(["down"]);
  await drop();
  await rm(home, { recursive: true, force: true });
});

function longhaul(args: string[], options: { input?: string; more?: Record<string, string> } = {}) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = spawn(process.execPath, [join(root, "bin/longhaul.mjs"), ...args], {
      cwd: home,
      env: { ...environment, ...options.more },
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    child.on("close", (code) => resolve({ code, out, err }));
    child.stdin.end(options.input ?? "");
  });
}
const json = async (args: string[]) => JSON.parse((await longhaul([...args, "--json"])).out) as Record<string, never>;

describe("without an orchestrator", () => {
  it("says that none runs and how to start one", async () => {
    expect(await longhaul(["list"])).toMatchObject({ code: 3, out: "", err: expect.stringMatching(/longhaul(\.mjs)? up/) });
  });

  it("plan shows a plan and starts nothing", async () => {
    const { code, out } = await longhaul(["plan", join(root, "examples/wordcount/ROADMAP.md")]);
    expect(code).toBe(0);
    expect(out).toContain("12 tasks in 5 phases");
    expect(out).toContain("Critical path");
    const parsed = await json(["plan", join(root, "examples/wordcount/ROADMAP.md")]);
    expect(parsed).toMatchObject({ plan: { source: "ROADMAP" }, report: { counts: { tasks: 12, phases: 5 } } });
    expect((await longhaul(["doctor"])).out).toContain("orchestrator");
  });

  it("refuses a plan with the line and the remedy", async () => {
    await writeFile(
      join(home, "bad.json"),
      '{"tasks": [{"id": "a", "title": "A", "dependencies": ["b"]}, {"id": "b", "title": "B", "dependencies": ["a"]}]}',
    );
    const { code, err } = await longhaul(["plan", "bad.json"]);
    expect(code).toBe(4);
    expect(err).toMatch(/[Cc]ircular dependency: (a → b → a|b → a → b)/);
  });

  it("answers wrong usage with 2", async () => {
    expect((await longhaul(["pause"])).code).toBe(2);
    expect((await longhaul(["fly"])).code).toBe(2);
    expect(await longhaul(["list"], { more: { LONGHAUL_PORT: "many" } })).toMatchObject({
      code: 2,
      err: expect.stringContaining("LONGHAUL_PORT"),
    });
  });
});

describe("with an orchestrator", () => {
  it("run starts it, watches, sums up, and exits by the result", async () => {
    await writeFile(
      join(home, "plan.yaml"),
      "title: Two steps\ntasks:\n  - {id: a, title: First, command: echo one > file, verify: grep -x one file}\n  - {id: b, title: Second, command: cat file, dependencies: [a]}\n",
    );
    const { code, out, err } = await longhaul(["run", "plan.yaml"]);
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining("Started the orchestrator") });
    expect(out).toContain("Two steps: completed");
    expect(out).toContain("grep -x one file");
    expect(await readFile(join(home, "file"), "utf8")).toBe("one\n");
  });

  it("run of a failing plan exits with 1 and says why and where", async () => {
    await writeFile(
      join(home, "fails.yaml"),
      "title: Fails\ntasks:\n  - {id: x, title: Broken, command: 'echo the reason; exit 7', retry: {maxAttempts: 1}}\n",
    );
    const { code, out } = await longhaul(["run", "fails.yaml"]);
    expect(code).toBe(1);
    expect(out).toContain("exited with code 7");
    expect(out).toContain("the reason");
    expect(out).toContain("output.log");
  });

  it("handoff - reads a plan from standard input; status, list, logs and control find it", async () => {
    const handed = JSON.parse(
      (await longhaul(["handoff", "-", "--json"], { input: "- [ ] Wait\n  - Run: `echo started; sleep 30`\n" })).out,
    ) as { executionId: string };
    const short = handed.executionId.slice(-8);
    expect((await longhaul(["list"])).out).toContain(short);
    expect(await json(["status", short])).toMatchObject({
      executionId: handed.executionId,
      status: expect.stringMatching(/queued|running/),
    });
    expect((await longhaul(["pause", short])).out).toContain("paused");
    expect((await longhaul(["resume", "latest"])).code).toBe(0);
    expect((await longhaul(["cancel", short])).out).toContain("cancelled");
    expect((await longhaul(["resume", short])).code).toBe(4);
    expect((await longhaul(["logs", short])).out).toContain("execution.cancelled");
    expect((await longhaul(["status", "ffffffff"])).code).toBe(5);
    expect((await longhaul(["logs", short, "nothing"])).code).toBe(5);
  });

  it("inbox lists what waits for a person, done answers it", async () => {
    const text = JSON.stringify({ title: "Ask", tasks: [{ id: "sign", title: "Sign it", kind: "human" }] });
    const { executionId } = JSON.parse((await longhaul(["handoff", "-", "--json"], { input: text })).out) as {
      executionId: string;
    };
    const { actions } = (await json(["inbox"])) as unknown as { actions: { id: string; executionId: string }[] };
    const action = actions.find((one) => one.executionId === executionId);
    expect((await longhaul(["done", action?.id ?? "", "--note", "signed"])).code).toBe(0);
    expect(await json(["status", executionId])).toMatchObject({ status: "completed" });
  });

  it("doctor finds everything in order and names the isolation", async () => {
    const { code, out } = await longhaul(["doctor"]);
    expect(code).toBe(0);
    expect(out).toMatch(/isolation\s+(contained|process)/);
  });
});

describe("the README", () => {
  it("opens with the command that runs the main job and the one that passes the tests, one line each", async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)```/gm)].map((match) => match[1]?.trim());
    expect(blocks.slice(0, 2)).toEqual(["npm start", "npm test"]);
    const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };
    expect(scripts["start"]).toContain("demo");
    expect(await readFile(join(root, ".ci/run"), "utf8")).toContain("\nnpm test\n");
  });

  it("names only commands that there are, and docs/configuration.md every variable", async () => {
    const help = (await longhaul(["--help"])).out;
    const documents = await Promise.all(["README.md", "docs/cli.md"].map((file) => readFile(join(root, file), "utf8")));
    const named = new Set(
      documents.flatMap((text) => [...text.matchAll(/`longhaul ([a-z]+)/g)].map((match) => match[1] as string)),
    );
    expect(named.size).toBeGreaterThan(5);
    for (const command of named) expect(help).toMatch(new RegExp(`^  ${command}\\b`, "m"));
    const source = await readFile(join(root, "orchestrator/config.ts"), "utf8");
    const documented = await readFile(join(root, "docs/configuration.md"), "utf8");
    for (const [, name] of source.matchAll(/^  (LONGHAUL_\w+|DATABASE_URL):/gm)) expect(documented).toContain(`\`${name}\``);
  });

  it("the main job runs: demo completes with its evidence", async () => {
    const { code, out } = await longhaul(["demo"]);
    expect(code).toBe(0);
    expect(out).toContain("12 of 12 tasks");
    expect(out.match(/exit 0/g)?.length).toBe(10);
  });
});
