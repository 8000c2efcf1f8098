import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatNames } from "../../plan/parse.ts";
import { type CommandLine, createCommandLine, root } from "./command-line.ts";

let longhaul: CommandLine;
beforeAll(async () => {
  longhaul = await createCommandLine();
});
afterAll(() => longhaul.remove());

const read = (file: string) => readFile(join(root, file), "utf8");
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))].map((match) => match[1] as string);

describe("the README", () => {
  it("opens with the command that runs the main job and the one that passes the tests, one line each", async () => {
    expect(blocks(await read("README.md"), "sh").slice(0, 2)).toEqual(["npm start\n", "npm test\n"]);
    const { scripts } = JSON.parse(await read("package.json")) as { scripts: Record<string, string> };
    expect(scripts["start"]).toMatch(/node bin\/longhaul\.mjs demo$/);
    expect(await read(".ci/run")).toMatch(/^npm test$/m);
  });

  it("shows a plan and commands that work as they stand there", async () => {
    const readme = await read("README.md");
    await cp(join(root, "examples/wordcount"), longhaul.home, { recursive: true });
    await writeFile(join(longhaul.home, "plan.md"), blocks(readme, "markdown")[0] as string);
    const commands = blocks(readme, "sh")
      .flatMap((block) => block.split("\n"))
      .filter((line) => line.startsWith("longhaul "))
      .map((line) => line.replace(/ {2,}#.*$/, ""));
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands) {
      expect(await longhaul.run(command.split(" ").slice(1)), command).toMatchObject({ code: 0 });
    }
    expect(await longhaul.json(["status"])).toMatchObject({ status: "completed" });
  });

  it("points only at files that are there, and is short", async () => {
    for (const file of [
      "README.md",
      "CONTRIBUTING.md",
      "docs/architecture.md",
      "docs/operations.md",
      "docs/plans.md",
      "docs/cli.md",
    ]) {
      const text = await read(file);
      for (const [, link = ""] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        await expect(read(join(file, "..", link)), `${file} → ${link}`).resolves.toBeDefined();
      }
    }
    expect((await read("README.md")).split("\n").length).toBeLessThanOrEqual(150);
  });
});

describe("docs/", () => {
  it("cli.md names every command with every option, and README only commands that there are", async () => {
    const manual = await read("docs/cli.md");
    const help = (await longhaul.run(["--help"])).out;
    const commands = [...help.matchAll(/^ {2}([a-z][a-z-]*)(?= .*\S)/gm)]
      .map((match) => match[1] as string)
      .filter((name) => name !== "help");
    expect(commands.length).toBeGreaterThan(15);
    for (const command of commands) {
      expect(manual).toMatch(new RegExp(`\`${command}\\b`));
      const options = (await longhaul.run([command, "--help"])).out.matchAll(/(--[a-z-]+)/g);
      for (const [, option = ""] of options) if (option !== "--help") expect(manual, command).toContain(option);
    }
    for (const [, named = ""] of (await read("README.md")).matchAll(/(?:`|^)longhaul ([a-z][a-z-]*)/gm))
      expect(commands).toContain(named);
    for (const [, code = ""] of help.matchAll(/^ {2}(\d+) {2}/gm)) expect(manual).toContain(`| ${code} |`);
  });

  it("configuration.md has every variable", async () => {
    const manual = await read("docs/configuration.md");
    const sources = await Promise.all(
      [
        "orchestrator/config.ts",
        "orchestrator/health/thresholds.ts",
        "orchestrator/telemetry/endpoints.ts",
        "orchestrator/artifacts/s3-settings.ts",
        "orchestrator/verification/policy.ts",
      ].map(read),
    );
    const variables = [...sources.join("\n").matchAll(/^ {2}([A-Z][A-Z_\d]+):/gm)].map((match) => match[1] as string);
    expect(variables.length).toBeGreaterThan(10);
    for (const name of variables) expect(manual).toContain(`\`${name}\``);
  });

  it("plans.md has every format, and its examples are plans", async () => {
    const manual = await read("docs/plans.md");
    for (const name of formatNames()) expect(manual).toContain(`\`${name}\``);
    for (const [language, file] of [
      ["markdown", "example.md"],
      ["yaml", "example.yaml"],
    ] as const) {
      for (const text of blocks(manual, language)) {
        await writeFile(join(longhaul.home, file), text);
        expect(await longhaul.run(["plan", file]), text).toMatchObject({ code: 0, out: expect.not.stringContaining("Warnings") });
      }
    }
  });
});

describe("the example", () => {
  it("completes with its evidence when it is run as npm start does", async () => {
    const { code, out, err } = await longhaul.run(["demo"]);
    expect(code).toBe(0);
    expect(out).toContain("12 of 12 tasks");
    expect(out.match(/✔ \d\d-\d\d {2}exit 0/g)).toHaveLength(10);
    expect(err).toContain("claude mcp add --scope user longhaul");
  });
});
