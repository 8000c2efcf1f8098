/** Setting a machine and a project up: completion in real shells, services as their managers read them, init with the real Claude Code. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serviceFile } from "../../cli/service-unit.ts";
import { claudeBinary } from "../support/claude-code.ts";
import { type CommandLine, createCommandLine, root } from "./command-line.ts";

const program = join(root, "bin/longhaul.mjs");
const has = (name: string) => spawnSync(name, ["--version"], { stdio: "ignore" }).error === undefined;
let longhaul: CommandLine;
let environment: Record<string, string>;

beforeAll(async () => {
  longhaul = await createCommandLine();
  await symlink(program, join(longhaul.home, "longhaul"));
  // Shells start the program by its name, with the Node that runs here.
  const path = `${longhaul.home}:${join(process.execPath, "..")}:${process.env["PATH"]}`;
  environment = { PATH: path, HOME: longhaul.home, LONGHAUL_HOME: longhaul.home };
});
afterAll(() => longhaul.remove());

describe("completion", () => {
  const inShell = async (shell: string, script: string, args: string[] = []) => {
    const source = join(longhaul.home, `completion.${shell}`);
    await writeFile(source, (await longhaul.run(["completion", shell])).out);
    const { stdout } = await promisify(execFile)(shell, [...args, "-c", script.replace("SOURCE", source)], { env: environment });
    return stdout.trim().split("\n");
  };

  it.skipIf(!has("bash"))("works in bash", async () => {
    const complete = (...words: string[]) =>
      inShell(
        "bash",
        `source SOURCE; complete -p longhaul >&2; COMP_WORDS=(longhaul ${words.join(" ")}); COMP_CWORD=${words.length}; _longhaul; printf '%s\\n' "\${COMPREPLY[@]}"`,
      );
    expect(await complete("wa")).toEqual(["watch"]);
    expect(await complete("handoff", "--priority", "''")).toEqual(["low", "normal", "high"]);
    expect(await complete("service", "''")).toEqual(["install", "uninstall", "status"]);
  });

  it.skipIf(!has("zsh"))("works in zsh", async () => {
    const stubs = 'compdef() {}; _files() { print FILES; }; _describe() { print -l -- "${(@P)@[-1]}"; }';
    const complete = (words: string, current: number) =>
      inShell("zsh", `${stubs}; source SOURCE; words=(longhaul ${words}); CURRENT=${current}; _longhaul`, ["-f"]);
    expect(await complete("wat", 2)).toEqual(["watch:follow an execution live to its end (default: the latest)"]);
    expect(await complete("plan ''", 3)).toEqual(["FILES"]);
  });

  it.skipIf(!has("fish"))("works in fish", async () => {
    const complete = (line: string) => inShell("fish", `source SOURCE; complete -C '${line}'`, ["--no-config"]);
    expect(await complete("longhaul wat")).toEqual(["watch\tfollow an execution live to its end (default: the latest)"]);
    expect(await complete("longhaul handoff --priority h")).toEqual(["high"]);
  });

  it("knows executions and their tasks, and is silent about what there is not", async () => {
    const reply = async (...words: string[]) => (await longhaul.run(["completion", "reply", "--", ...words])).out;
    expect(await reply("status", "0")).toBe("");
    await writeFile(join(longhaul.home, "plan.md"), "# Ids\n\n- [ ] First\n  - Run: `true`\n");
    const { executionId } = await longhaul.json<{ executionId: string }>(["handoff", "plan.md"]);
    expect(await reply("status", executionId.slice(0, 6))).toMatch(new RegExp(`^${executionId}\tIds, `));
    expect(await reply("skip", executionId, "")).toContain("task-001\tFirst, ");
    expect(await reply("no-such-command", "")).toBe("");
  });
});

describe("the service", () => {
  const installation = {
    node: "/usr/bin/true",
    program: "/opt/long haul/bin/longhaul.mjs",
    home: "/srv/a&b",
    path: "/usr/bin:/bin",
  };
  const where = { userHome: "/home/me", configHome: "/home/me/.config" };

  it.skipIf(!has("systemd-analyze")).each([true, false])("is what systemd accepts (as root: %s)", async (isRoot) => {
    const { path, text } = await serviceFile(installation, { ...where, platform: "linux", isRoot });
    expect(path).toBe(isRoot ? "/etc/systemd/system/longhaul.service" : "/home/me/.config/systemd/user/longhaul.service");
    const folder = await mkdtemp("/tmp/longhaul-unit-");
    await writeFile(join(folder, "longhaul.service"), text);
    const scope = isRoot ? "--system" : "--user";
    const analyzed = spawnSync("systemd-analyze", ["verify", scope, "--man=no", join(folder, "longhaul.service")], {
      encoding: "utf8",
      env: { ...process.env, XDG_RUNTIME_DIR: folder },
    });
    expect(`${analyzed.stdout}${analyzed.stderr}`.split("\n").filter((line) => line.includes("longhaul"))).toEqual([]);
    expect(text).toContain('ExecStart="/usr/bin/true" --max-semi-space-size=4 "/opt/long haul/bin/longhaul.mjs" up --foreground');
    // Tasks must not die with a restart of the service.
    expect(text).toContain("KillMode=process");
    await rm(folder, { recursive: true });
  });

  it.skipIf(!has("python3"))("is a property list that says what launchd is to start", async () => {
    const { path, text } = await serviceFile(installation, { ...where, platform: "darwin", isRoot: false });
    expect(path).toBe("/home/me/Library/LaunchAgents/longhaul.plist");
    const read = "import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))";
    expect(JSON.parse(execFileSync("python3", ["-c", read], { input: text, encoding: "utf8" }))).toEqual({
      Label: "longhaul",
      ProgramArguments: ["/usr/bin/true", "/opt/long haul/bin/longhaul.mjs", "up", "--foreground"],
      EnvironmentVariables: { LONGHAUL_HOME: "/srv/a&b", PATH: "/usr/bin:/bin" },
      RunAtLoad: true,
      KeepAlive: true,
      AbandonProcessGroup: true,
    });
  });

  it("is not written where a path would change what it says, or for a system without one", async () => {
    const hostile = { ...installation, home: '/srv/x"\nExecStartPre=/bin/evil' };
    await expect(serviceFile(hostile, { ...where, platform: "linux", isRoot: false })).rejects.toThrow("cannot hold the path");
    await expect(serviceFile(installation, { ...where, platform: "aix", isRoot: false })).rejects.toThrow("no service for aix");
  });

  it("is printed without being installed, and says what to do where no manager answers", async () => {
    const { code, out } = await longhaul.run(["service", "install", "--print"]);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining(`LONGHAUL_HOME=${longhaul.home}`) });
    // No PATH, no systemctl: as in a container.
    const { err, ...ended } = await longhaul.run(["service", "install"], { environment: { PATH: longhaul.home } });
    expect(ended.code).not.toBe(0);
    expect(err).toMatch(/No service manager answers here.*\n.*up --foreground/);
    expect(await longhaul.run(["service", "status"])).toMatchObject({ code: 1, out: expect.stringContaining("not installed") });
  });
});

describe("init", () => {
  it("adds the MCP server and keeps what is there", async () => {
    const project = await mkdtemp(join(longhaul.home, "project-"));
    const file = join(project, ".mcp.json");
    await writeFile(file, JSON.stringify({ mcpServers: { other: { command: "x" } }, more: 1 }));
    expect((await longhaul.run(["init", project, "--mcp", "--dry-run"])).out).toContain("Nothing was changed.");
    expect(await longhaul.run(["init", project, "--mcp"])).toMatchObject({ code: 2, err: expect.stringContaining("--yes") });
    expect(JSON.parse(await readFile(file, "utf8"))).not.toHaveProperty("mcpServers.longhaul");
    expect(await longhaul.run(["init", project, "--mcp", "--yes"])).toMatchObject({ code: 0 });
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({
      mcpServers: { other: { command: "x" }, longhaul: { command: "node", args: [program, "mcp"] } },
      more: 1,
    });
    expect(await readFile(join(longhaul.home, "program"), "utf8")).toBe(`${program}\n`);
  });

  it("changes no settings that it cannot read", async () => {
    const project = await mkdtemp(join(longhaul.home, "project-"));
    await writeFile(join(project, ".mcp.json"), "{ not json");
    expect(await longhaul.run(["init", project, "--mcp", "--yes"])).toMatchObject({
      code: 4,
      err: expect.stringContaining("is not a JSON object"),
    });
    expect(await readFile(join(project, ".mcp.json"), "utf8")).toBe("{ not json");
  });

  it.skipIf(claudeBinary() === undefined)("installs the plugin where Claude Code is, and doctor sees it", async () => {
    const project = await mkdtemp(join(longhaul.home, "project-"));
    const bin = await mkdtemp(join(longhaul.home, "bin-"));
    await symlink(claudeBinary() as string, join(bin, "claude"));
    const path = { PATH: `${bin}:${process.env["PATH"]}`, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" };
    expect((await longhaul.run(["doctor"], { environment: path })).out).toMatch(
      /✘ {2}claude code .*does not know Longhaul here.*init/,
    );
    expect(await longhaul.run(["init", project, "--yes", "--scope", "user"], { environment: path })).toMatchObject({ code: 0 });
    expect((await longhaul.run(["doctor"], { environment: path })).out).toMatch(/✔ {2}claude code .*with the plugin/);
  });
});

describe("doctor", () => {
  it("finds a token that others can read and a home that is none", async () => {
    const home = await mkdtemp(join(longhaul.home, "home-"));
    await writeFile(join(home, "token"), "x");
    await chmod(join(home, "token"), 0o644);
    const { code, out } = await longhaul.run(["doctor"], { environment: { LONGHAUL_HOME: home } });
    expect(code).toBe(1);
    expect(out).toMatch(/✘ {2}token .*mode 644.*→ chmod 600/);
    const file = join(home, "token");
    expect((await longhaul.run(["doctor"], { environment: { LONGHAUL_HOME: file } })).out).toMatch(/✘ {2}home .*is no folder/);
  });

  it("repeats what the last failed start said", async () => {
    const home = await mkdtemp(join(longhaul.home, "home-"));
    await mkdir(join(home, "logs"));
    const line = JSON.stringify({ level: 60, msg: "stopped", err: { message: "The port 8400 is taken." } });
    await writeFile(join(home, "logs", "orchestrator.log"), `${line}\n`);
    const { out } = await longhaul.run(["doctor"], { environment: { LONGHAUL_HOME: home } });
    expect(out).toMatch(/orchestrator .*last time it said: The port 8400 is taken\./);
  });
});
