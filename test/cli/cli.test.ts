import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CommandLine, createCommandLine, root } from "./command-line.ts";

let longhaul: CommandLine;
beforeAll(async () => {
  longhaul = await createCommandLine();
});
afterAll(() => longhaul.remove());

const write = (name: string, text: string) => writeFile(join(longhaul.home, name), text);
const example = join(root, "examples/wordcount/ROADMAP.md");

describe("without an orchestrator", () => {
  it("says that none runs and how to start one", async () => {
    expect(await longhaul.run(["list"])).toMatchObject({
      code: 3,
      out: "",
      err: expect.stringMatching(/→ Start it with: node .* up/),
    });
  });

  it("plan shows tasks with lines and order, waves and critical path, and starts nothing", async () => {
    const { code, out } = await longhaul.run(["plan", example]);
    expect(code).toBe(0);
    expect(out).toContain("12 tasks in 5 phases");
    expect(out).toMatch(/05-01 {2}Pack {2}line \d+ · shell · 1 check · after 03-01, 03-02/);
    expect(out).toContain("  1  01-01, 01-02\n");
    expect(out).toContain("01-01 → 02-01 → 03-03 → 05-01 → 05-02");
    expect(await longhaul.json(["plan", example])).toMatchObject({
      plan: { source: "ROADMAP" },
      report: { counts: { tasks: 12, phases: 5 } },
      waves: { length: 5 },
    });
    expect((await longhaul.run(["list"])).code).toBe(3);
  });

  it("refuses a plan with the place and the remedy", async () => {
    await write(
      "bad.json",
      '{"tasks": [{"id": "a", "title": "A", "dependencies": ["b"]}, {"id": "b", "title": "B", "dependencies": ["a"]}]}',
    );
    const { code, out, err } = await longhaul.run(["plan", "bad.json"]);
    expect({ code, out }).toEqual({ code: 4, out: "" });
    expect(err).toMatch(/[Cc]ircular dependency: (a → b → a|b → a → b)/);
    expect(await longhaul.json(["plan", "bad.json"])).toMatchObject({ error: { code: "invalid_plan", exitCode: 4 } });
  });

  it("answers wrong usage with 2, for people and for scripts", async () => {
    expect((await longhaul.run(["pause"])).code).toBe(2);
    expect(await longhaul.run(["plna", "x"])).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("Did you mean plan?"),
    });
    expect((await longhaul.run(["plan", "nothing-here.md"])).code).toBe(2);
    expect(await longhaul.json(["plan"])).toMatchObject({ error: { code: "invalid_input", exitCode: 2 } });
    expect(await longhaul.run(["list"], { environment: { LONGHAUL_PORT: "many" } })).toMatchObject({
      code: 2,
      err: expect.stringContaining("LONGHAUL_PORT"),
    });
  });

  it("doctor says what is missing and how to get it", async () => {
    expect(await longhaul.run(["doctor"])).toMatchObject({
      code: 1,
      out: expect.stringMatching(/✘ {2}orchestrator .*→ node .* up/),
    });
  });

  it("speaks of itself by the name it was called by", async () => {
    const link = join(longhaul.home, "longhaul");
    await symlink(join(root, "bin/longhaul.mjs"), link);
    const linked = await createCommandLine(link);
    expect((await linked.run(["list"])).err).toContain("→ Start it with: longhaul up");
    await linked.remove();
  });
});

describe("with an orchestrator", () => {
  it("run starts it, watches, sums up, and exits by the result", async () => {
    await write(
      "plan.yaml",
      "title: Two steps\ntasks:\n  - {id: a, title: First, command: echo one > file, verify: grep -x one file}\n  - {id: b, title: Second, command: cat file, dependencies: [a]}\n",
    );
    const { code, out, err } = await longhaul.run(["run", "plan.yaml"]);
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining("Started the orchestrator") });
    expect(err).toMatch(/▶ a {2}First\n✔ a {2}First .*\n▶ b {2}Second\n✔ b {2}Second .*\n✔ execution completed\n/);
    expect(err).toMatch(/stop it with: .* down\n$/);
    expect(err + out).not.toContain("\x1b");
    expect(out).toContain("Two steps: completed");
    expect(out).toContain("Verified by the orchestrator's own runs (1 of 1 passed):");
    expect(out).toMatch(/✔ a {2}exit 0 .*grep -x one file/);
    expect(await readFile(join(longhaul.home, "file"), "utf8")).toBe("one\n");
  });

  it("run of a failing plan exits with 1 and says why, where and what to do", async () => {
    await write(
      "fails.yaml",
      "title: Fails\ntasks:\n  - {id: x, title: Broken, command: 'echo the reason; exit 7', retry: {maxAttempts: 2, backoffMs: 10}}\n  - {id: y, title: After it, command: 'true', dependencies: [x]}\n",
    );
    const { code, out, err } = await longhaul.run(["run", "fails.yaml"]);
    expect(code).toBe(1);
    expect(err).toMatch(/↻ x {2}Broken .* exited with code 7; will run again\n▶ x {2}Broken {2}attempt 2\n✘ x {2}Broken/);
    expect(err).toContain("↷ y  After it  skipped: something it depends on failed");
    expect(out).toMatch(/✘ x: exited with code 7\n {6}the reason\n {6}\/.*output\.log/);
    expect(out).toMatch(/Again +node .* retry [0-9a-f]{8}/);
  });

  it("run --json prints the execution and nothing else on standard output", async () => {
    const { code, out } = await longhaul.run(["run", "plan.yaml", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      status: "completed",
      tasks: [{ id: "a", evidence: [{ exitCode: 0 }] }, { id: "b" }],
    });
  });

  it("handoff - reads a plan from standard input; status, list, logs and control find it by a part of its id", async () => {
    const { executionId } = await longhaul.json<{ executionId: string }>(["handoff", "-"], {
      input: "- [ ] Wait\n  - Run: `echo started; sleep 30`\n",
    });
    const short = executionId.slice(-8);
    expect((await longhaul.run(["list"])).out).toContain(short);
    expect(await longhaul.json(["status", short])).toMatchObject({
      executionId,
      status: expect.stringMatching(/queued|running/),
    });
    expect((await longhaul.run(["pause", short])).out).toContain("paused");
    expect((await longhaul.run(["resume", "latest"])).code).toBe(0);
    expect((await longhaul.run(["cancel", short, "--reason", "enough"])).out).toContain("cancelled");
    expect((await longhaul.run(["resume", short])).code).toBe(4);
    expect((await longhaul.run(["logs", short])).out).toContain("execution.cancelled  reason=enough");
    expect(await longhaul.json(["status", "ffffffff"])).toMatchObject({ error: { code: "not_found", exitCode: 5 } });
    expect((await longhaul.run(["status", executionId.slice(0, 4)])).err).toMatch(/fits \d executions/);
    expect((await longhaul.run(["status", "01a00000-0000-7000-8000-000000000000"])).err).toMatch(/→ node .* list shows the ids/);
    expect(await longhaul.run(["logs", short, "nothing"])).toMatchObject({
      code: 5,
      err: expect.stringContaining("Its tasks: task-001"),
    });
  });

  it("inbox lists what waits for a person, done answers it", async () => {
    const input = JSON.stringify({ title: "Ask", tasks: [{ id: "sign", title: "Sign it", kind: "human" }] });
    const { executionId } = await longhaul.json<{ executionId: string }>(["handoff", "-"], { input });
    expect((await longhaul.run(["status"])).out).toMatch(/1 waiting for you: .* inbox/);
    const [, action = ""] = /done ([0-9a-f]{8}\.\d+)/.exec((await longhaul.run(["inbox"])).out) ?? [];
    expect((await longhaul.run(["done", action, "--note", "signed"])).code).toBe(0);
    expect(await longhaul.json(["status", executionId])).toMatchObject({ status: "completed" });
    expect((await longhaul.run(["inbox"])).out).toBe("Nothing waits for you.\n");
    expect((await longhaul.run(["done", "nothing"])).err).toMatch(/→ node .* inbox shows the ids/);
  });

  it("Ctrl-C lets go of the plan, which goes on, and says how to come back", async () => {
    await write("slow.md", "# Slow\n\n- [ ] Wait\n  - Run: `until test -e go; do sleep 0.05; done`\n");
    const watching = longhaul.start(["run", "slow.md"]);
    await watching.says("▶ task-001");
    watching.child.kill("SIGINT");
    const { code, err } = await watching.ended;
    expect(code).toBe(130);
    expect(err).toMatch(/The plan goes on without this terminal\.\n {2}come back {2}node .* status [0-9a-f]{8} --watch/);
    expect(await longhaul.json(["status"])).toMatchObject({ status: "running" });
    const again = longhaul.start(["status", "--watch"]);
    await write("go", "");
    expect(await again.ended).toMatchObject({ code: 0, out: expect.stringContaining("Slow: completed") });
  });

  it("run goes on watching over a restart of the orchestrator, and says that it was away", async () => {
    await write("long.md", "# Long\n\n- [ ] Wait\n  - Run: `until test -e on; do sleep 0.05; done`\n");
    const watching = longhaul.start(["run", "long.md"]);
    await watching.says("▶ task-001");
    await longhaul.run(["down"]);
    await watching.says("the orchestrator does not answer");
    await longhaul.run(["up"]);
    await watching.says("the orchestrator is back");
    await write("on", "");
    expect(await watching.ended).toMatchObject({ code: 0, err: expect.stringContaining("✔ task-001  Wait") });
  });

  it("doctor finds everything in order and names the isolation", async () => {
    const { code, out } = await longhaul.run(["doctor"]);
    expect(code).toBe(0);
    expect(out).toMatch(/isolation\s+(sandboxed|contained|process)/);
  });
});
