/** Tasks of kind git on real repositories: a bare remote on this machine, and one behind git's own HTTP server. */
import { execFileSync, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { gitSettings } from "../../../orchestrator/executors/program-settings.ts";
import { taskSecretsOf } from "../../../orchestrator/task-secrets.ts";
import { createAttempt } from "./support/attempt.ts";
import { startHttpServer } from "./support/http-server.ts";
import { programWith } from "./support/programs.ts";

const secrets = taskSecretsOf({
  LONGHAUL_SECRET_REPO: "token-of-the-repository",
  LONGHAUL_SECRET_REPO_HOSTS: "127.0.0.1",
  LONGHAUL_SECRET_AWAY: "token-for-somewhere-else",
  LONGHAUL_SECRET_AWAY_HOSTS: "git.example.com",
  LONGHAUL_SECRET_GITHUB: "github-token-of-the-owner",
});
const executor = (githubApi = "") => programWith({ kind: "git", settings: gitSettings(secrets, [], githubApi) });

async function workspaceWith(files: Record<string, string>) {
  const root = await mkdtemp("/tmp/longhaul-git-");
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const workspace = join(root, "work");
  const bare = join(root, "remote.git");
  await mkdir(workspace);
  for (const [name, text] of Object.entries(files)) await writeFile(join(workspace, name), text);
  execFileSync("git", ["init", "-q", "--bare", "-b", "main", bare]);
  const git = (...args: string[]) => execFileSync("git", args, { cwd: workspace, encoding: "utf8" }).trim();
  const run = async (params: Record<string, unknown>, githubApi?: string) => {
    const attempt = await createAttempt({ kind: "git", params });
    const outcome = await attempt.run({
      kind: "git",
      run: (assignment, context) => executor(githubApi).run({ ...assignment, workspace }, context),
    });
    return { ...outcome, said: JSON.stringify([outcome, attempt.events]) };
  };
  return { workspace, bare, git, run };
}

describe("a git task", () => {
  it("creates a repository, commits, tags and pushes it, and does nothing when asked again", async () => {
    const { bare, git, run } = await workspaceWith({ "a.txt": "a\n", "b.txt": "b\n" });
    expect(await run({ action: "create" })).toMatchObject({ status: "succeeded", message: expect.stringContaining("created") });
    expect(await run({ action: "create" })).toMatchObject({ status: "succeeded", message: expect.stringContaining("found") });
    expect(await run({ action: "commit", message: "Add a", paths: ["a.txt"] })).toMatchObject({ status: "succeeded" });
    expect(git("status", "--porcelain")).toBe("?? b.txt");
    const done = await run({ action: "commit", message: "-m and 'quotes'; touch x" });
    expect(git("log", "--format=%s|%an")).toBe("-m and 'quotes'; touch x|Longhaul\nAdd a|Longhaul");
    expect(done.summary).toBe(git("rev-parse", "HEAD"));
    expect(await run({ action: "commit", message: "Again" })).toMatchObject({
      status: "succeeded",
      message: "nothing to commit",
    });
    expect(await run({ action: "tag", name: "v1", message: "First" })).toMatchObject({ status: "succeeded" });
    expect(await run({ action: "tag", name: "v1" })).toMatchObject({
      status: "succeeded",
      message: expect.stringContaining("already"),
    });
    expect(await run({ action: "push" })).toMatchObject({
      failureClass: "permanent",
      message: expect.stringContaining("git remote add origin"),
    });
    git("remote", "add", "origin", bare);
    expect(await run({ action: "push", tags: true })).toMatchObject({ status: "succeeded" });
    expect(await run({ action: "push" })).toMatchObject({ status: "succeeded" });
    expect(execFileSync("git", ["-C", bare, "log", "--format=%s", "v1"], { encoding: "utf8" })).toContain("Add a");
  });

  it("never forces a push over commits that it does not have", async () => {
    const { bare, git, run, workspace } = await workspaceWith({ "a.txt": "a\n" });
    await run({ action: "create" });
    await run({ action: "commit", message: "Mine" });
    git("remote", "add", "origin", bare);
    const theirs = `${workspace}-theirs`;
    execFileSync("git", ["clone", "-q", bare, theirs], { stdio: "ignore" });
    const other = ["-C", theirs, "-c", "user.name=x", "-c", "user.email=x@y"];
    execFileSync("git", [...other, "commit", "-q", "--allow-empty", "-m", "Theirs"]);
    execFileSync("git", ["-C", theirs, "push", "-q", "origin", "HEAD:main"]);
    expect(await run({ action: "push" })).toMatchObject({
      failureClass: "permanent",
      message: expect.stringContaining("never forces"),
    });
    expect(execFileSync("git", ["-C", bare, "log", "--format=%s"], { encoding: "utf8" })).toBe("Theirs\n");
  });

  it("runs none of the repository's hooks", async () => {
    const { git, run, workspace } = await workspaceWith({ "a.txt": "a\n" });
    git("init", "-q");
    await writeFile(join(workspace, ".git/hooks/pre-commit"), "#!/bin/sh\ntouch hooked\nexit 1\n", { mode: 0o755 });
    expect(await run({ action: "commit", message: "Quiet" })).toMatchObject({ status: "succeeded" });
    expect(git("status", "--porcelain")).toBe("");
  });

  it("opens a remote over HTTP with a token that nobody sees, and only where that may go", async () => {
    const { bare, git, run } = await workspaceWith({ "a.txt": "a\n" });
    execFileSync("git", ["-C", bare, "config", "http.receivepack", "true"]);
    const server = await startHttpServer((seen, response) => {
      const basic = Buffer.from("x-access-token:token-of-the-repository").toString("base64");
      if (seen.headers.authorization !== `Basic ${basic}`)
        return void response.writeHead(401, { "www-authenticate": "Basic" }).end();
      const [path = "", query = ""] = seen.url.split("?");
      const env = {
        PATH: process.env["PATH"],
        GIT_PROJECT_ROOT: join(bare, ".."),
        GIT_HTTP_EXPORT_ALL: "1",
        REMOTE_USER: "me",
        PATH_INFO: path,
        QUERY_STRING: query,
        REQUEST_METHOD: seen.method,
        CONTENT_TYPE: seen.headers["content-type"] ?? "",
        GIT_PROTOCOL: String(seen.headers["git-protocol"] ?? ""),
      };
      const backend = spawn("git", ["http-backend"], { env });
      let output = Buffer.alloc(0);
      backend.stdout.on("data", (chunk: Buffer) => (output = Buffer.concat([output, chunk])));
      backend.on("close", () => {
        const end = output.indexOf("\r\n\r\n");
        for (const line of output.subarray(0, end).toString().split("\r\n")) {
          const [name = "", value = ""] = line.split(": ");
          if (name === "Status") response.statusCode = Number(value.slice(0, 3));
          else response.setHeader(name, value);
        }
        response.end(output.subarray(end + 4));
      });
      backend.stdin.end(seen.body, "latin1");
    }, "latin1");
    await run({ action: "create" });
    await run({ action: "commit", message: "Mine" });
    git("remote", "add", "origin", `${server.url}/remote.git`);
    const pushed = await run({ action: "push", token: "REPO" });
    expect(pushed).toMatchObject({ status: "succeeded", message: expect.stringContaining("pushed main") });
    expect(pushed.said).not.toContain("token-of-the-repository");
    expect(execFileSync("git", ["-C", bare, "log", "--format=%s"], { encoding: "utf8" })).toBe("Mine\n");
    const requests = server.seen.length;
    expect(await run({ action: "push", token: "AWAY" })).toMatchObject({
      failureClass: "permanent",
      message: expect.stringContaining("may not go to"),
    });
    expect(await run({ action: "push", token: "NONE" })).toMatchObject({
      failureClass: "permanent",
      message: expect.stringContaining("LONGHAUL_SECRET_NONE"),
    });
    expect(server.seen).toHaveLength(requests);
  });

  it("makes the repository at GitHub once", async () => {
    const { git, run } = await workspaceWith({ "a.txt": "a\n" });
    let made: unknown;
    const server = await startHttpServer((seen, response) => {
      if (seen.headers.authorization !== "Bearer github-token-of-the-owner") return void response.writeHead(401).end("{}");
      if (seen.url === "/user") return void response.end('{"login":"me"}');
      const known = { clone_url: "https://github.example/me/thing.git" };
      if (seen.method === "GET") return void response.writeHead(made === undefined ? 404 : 200).end(JSON.stringify(known));
      made = JSON.parse(seen.body);
      response.writeHead(201).end(JSON.stringify(known));
    });
    const params = { action: "create", github: { name: "thing" } };
    for (let times = 0; times < 2; times += 1)
      expect(await run(params, server.url)).toMatchObject({
        status: "succeeded",
        summary: "https://github.example/me/thing.git",
      });
    expect(made).toEqual({ name: "thing", private: true });
    expect(server.seen.filter(({ method }) => method === "POST")).toHaveLength(1);
    expect(git("remote", "get-url", "origin")).toBe("https://github.example/me/thing.git");
  });
});
