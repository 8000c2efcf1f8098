/**
 * Tasks of kind `git`. Each action finds its own traces: a commit with nothing to commit, a push of what is there, a repository that exists
 * are done, so that one that was interrupted may simply run again. The repository's own hooks and monitors do not run.
 */
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { GitParams } from "../../../plan/params/git.ts";
import { isNamedHost } from "../../network-guard.ts";
import { callHttp } from "../http-request.ts";
import type { Around, Perform, Result } from "./program.ts";
import { type Ran, runCommand } from "./run-command.ts";

type ActionOf<Name extends GitParams["action"]> = Extract<GitParams, { action: Name }>;
type Git = (args: readonly string[], quiet?: boolean) => Promise<Ran>;

/** No prompt may wait for anybody, nothing of the repository's own may run, and no helper protocol may start programs. */
const always = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "protocol.ext.allow=never",
  "commit.gpgSign=false",
  "tag.gpgSign=false",
];
const environment = { GIT_TERMINAL_PROMPT: "0", GIT_SSH_COMMAND: "ssh -o BatchMode=yes -o ConnectTimeout=20", LC_ALL: "C" };

export const performGit: Perform<GitParams> = async (params, around) => {
  const git = gitIn(around, {});
  if (params.action === "create") return create(params, git, around);
  const inside = await git(["rev-parse", "--is-inside-work-tree"], true);
  if (inside.exitCode !== 0)
    return refused(`${around.folder} is not in a git repository`, "create it with a task of action create, or set params.cwd");
  if (params.action === "commit") return commit(params, git);
  if (params.action === "tag") return tag(params, git);
  return push(params, git, around);
};

function gitIn({ folder, say }: Around, more: Readonly<Record<string, string>>): Git {
  return async (args, quiet = false) => {
    const argv = ["git", ...always.flatMap((setting) => ["-c", setting]), ...args] as [string, ...string[]];
    if (!quiet) say(`$ git ${args.join(" ")}`);
    return runCommand(argv, { cwd: folder, environment: { ...environment, ...more }, ...(quiet ? {} : { say }) });
  };
}

async function create(params: ActionOf<"create">, git: Git, around: Around): Promise<Result> {
  const known = await access(join(around.folder, ".git")).then(
    () => true,
    () => false,
  );
  if (!known) {
    const made = await git(["init", "-b", params.branch]);
    if (made.exitCode !== 0) return failed("git init", made);
  }
  const here = `${known ? "found" : "created"} the repository ${around.folder}`;
  if (params.github === undefined) return { status: "succeeded", message: here };
  const remote = await createAtGithub(params.github, around);
  if (typeof remote !== "string") return remote;
  const present = await git(["remote", "get-url", "origin"], true);
  if (present.exitCode === 0 && present.stdout.trim() !== remote)
    return refused(
      `the remote origin is ${present.stdout.trim()}, not ${remote}`,
      "remove it or give the repository another name",
    );
  if (present.exitCode !== 0) {
    const added = await git(["remote", "add", "origin", remote]);
    if (added.exitCode !== 0) return failed("git remote add", added);
  }
  return { status: "succeeded", message: `${here}, at GitHub ${remote}`, summary: remote };
}

/** The address to clone it from, of a new repository or of the one that has this name already. */
async function createAtGithub(github: NonNullable<ActionOf<"create">["github"]>, around: Around): Promise<string | Result> {
  const { name, owner, description } = github;
  const api = String(around.settings["githubApi"]);
  const call = (method: string, path: string, json?: unknown) =>
    callHttp({
      url: `${api}${path}`,
      method,
      headers: {
        authorization: `Bearer ${around.secrets["github"] ?? ""}`,
        accept: "application/vnd.github+json",
        "content-type": "application/json",
        "user-agent": "longhaul",
        "x-github-api-version": "2022-11-28",
      },
      body: json === undefined ? undefined : JSON.stringify(json),
      timeoutMs: 30_000,
      mostBytes: 1024 * 1024,
      ownHosts: [new URL(api).host, new URL(api).hostname],
    });
  const user = owner ?? fieldOf((await call("GET", "/user")).body, "login");
  const found = await call("GET", `/repos/${user}/${name}`);
  if (found.status === 200) return fieldOf(found.body, "clone_url");
  const made = await call("POST", owner === undefined ? "/user/repos" : `/orgs/${owner}/repos`, {
    name,
    private: github.private,
    ...(description === undefined ? {} : { description }),
  });
  if (made.status === 201) return fieldOf(made.body, "clone_url");
  const why = `GitHub answered ${made.status}: ${fieldOf(made.body, "message")}`;
  return { status: "failed", failureClass: made.status >= 500 ? "transient" : "permanent", message: why };
}

function fieldOf(body: Buffer, name: string): string {
  const value: unknown = JSON.parse(body.toString("utf8"));
  const found = value !== null && typeof value === "object" ? (value as Record<string, unknown>)[name] : undefined;
  return typeof found === "string" ? found : "";
}

async function commit({ message, paths }: ActionOf<"commit">, git: Git): Promise<Result> {
  const added = await git(["add", "-A", "--", ...(paths ?? ["."])]);
  if (added.exitCode !== 0) return failed("git add", added);
  const staged = await git(["diff", "--cached", "--quiet", ...(paths === undefined ? [] : ["--", ...paths])], true);
  const head = async () => (await git(["rev-parse", "HEAD"], true)).stdout.trim();
  if (staged.exitCode === 0) return { status: "succeeded", message: "nothing to commit", summary: await head() };
  const who = (await git(["config", "user.email"], true)).exitCode === 0;
  const identity = who ? [] : ["-c", "user.name=Longhaul", "-c", "user.email=longhaul@localhost"];
  const done = await git([...identity, "commit", "-m", message, ...(paths === undefined ? [] : ["--", ...paths])]);
  if (done.exitCode !== 0) return failed("git commit", done);
  const hash = await head();
  return { status: "succeeded", message: `committed ${hash.slice(0, 12)}`, summary: hash };
}

async function tag({ name, message }: ActionOf<"tag">, git: Git): Promise<Result> {
  const head = (await git(["rev-parse", "HEAD"], true)).stdout.trim();
  const known = await git(["rev-parse", "--verify", "--quiet", `refs/tags/${name}^{commit}`], true);
  if (known.exitCode === 0) {
    if (known.stdout.trim() === head) return { status: "succeeded", message: `the tag ${name} is there already`, summary: head };
    return refused(`the tag ${name} is on another commit, ${known.stdout.trim().slice(0, 12)}`, "choose another name");
  }
  const who = (await git(["config", "user.email"], true)).exitCode === 0;
  const identity = who ? [] : ["-c", "user.name=Longhaul", "-c", "user.email=longhaul@localhost"];
  const done = await git([...identity, "tag", ...(message === undefined ? [name] : ["-a", name, "-m", message])]);
  return done.exitCode === 0
    ? { status: "succeeded", message: `tagged ${head.slice(0, 12)} as ${name}`, summary: head }
    : failed("git tag", done);
}

async function push({ remote, branch, tags }: ActionOf<"push">, git: Git, around: Around): Promise<Result> {
  const named = await git(["remote", "get-url", "--push", remote], true);
  if (named.exitCode !== 0) return refused(`the repository has no remote ${remote}`, `add it: git remote add ${remote} ADDRESS`);
  const address = named.stdout.trim();
  const { token } = around.secrets;
  if (token !== undefined && !/^https:/.test(address) && !/^http:\/\/(?:127\.0\.0\.1|localhost)[:/]/.test(address))
    return refused(`params.token is for remotes over https, ${remote} is ${hidden(address)}`, "leave it out");
  if (token !== undefined && !isNamedHost(around.settings["tokenHosts"] as string[], new URL(address)))
    return refused(`the token may not go to ${new URL(address).host}`, "name the host in LONGHAUL_SECRET_…_HOSTS of that secret");
  const current = (await git(["symbolic-ref", "--short", "HEAD"], true)).stdout.trim();
  const name = branch ?? current;
  if (name === "") return refused("no branch is checked out", "name it in params.branch");
  // In the environment and not among the arguments, which every user of the machine can read.
  const opened: Record<string, string> =
    token === undefined
      ? {}
      : {
          GIT_CONFIG_COUNT: "1",
          GIT_CONFIG_KEY_0: `http.${new URL(address).origin}/.extraHeader`,
          GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`,
        };
  const done = await gitIn(
    around,
    opened,
  )(["push", "--porcelain", ...(tags ? ["--tags"] : []), remote, `refs/heads/${name}:refs/heads/${name}`]);
  const text = `${done.stdout}\n${done.stderr}`;
  const hash = (await git(["rev-parse", `refs/heads/${name}`], true)).stdout.trim();
  if (done.exitCode === 0)
    return { status: "succeeded", message: `pushed ${name} (${hash.slice(0, 12)}) to ${hidden(address)}`, summary: hash };
  if (/\[rejected\]|non-fast-forward|fetch first/.test(text))
    return refused(`${remote} has commits on ${name} that are not here`, "bring them in first; Longhaul never forces a push");
  if (
    /Authentication failed|could not read Username|Permission denied|403|does not appear to be a git repository|not found/i.test(
      text,
    )
  )
    return { ...failed("git push", done), failureClass: "permanent" };
  return failed("git push", done);
}

/** An address without the password that somebody may have put into it. */
const hidden = (address: string): string => address.replace(/\/\/[^/@]*@/, "//");

const refused = (what: string, remedy: string): Result => ({
  status: "failed",
  failureClass: "permanent",
  message: `${what}: ${remedy}`,
});

const failed = (what: string, { exitCode, stderr, stdout }: Ran): Result => ({
  status: "failed",
  failureClass: exitCode === 127 ? "permanent" : "transient",
  message: `${what} ended with ${exitCode}: ${(stderr || stdout).trim().split("\n").at(-1)?.slice(0, 300) ?? ""}`,
});
