/**
 * Runs git on repositories that tasks and users have written to, so nothing they left there may run: no hooks, no file-system monitor, no
 * configuration but the repository's own, no prompts. Of the repository's own configuration the programs are left out: what a filter or a
 * merge driver would start. Files are taken as they are, merged as text.
 */
import { spawn } from "node:child_process";

export type GitCall = {
  cwd: string;
  /** GIT_DIR, GIT_WORK_TREE and the like. */
  environment?: Readonly<Record<string, string>>;
  input?: string | Buffer;
  /** Killed after this long, 60 s by default. */
  timeoutMs?: number;
  /** Exit codes that are answers and no failures, `[0]` by default. */
  accept?: readonly number[];
};
export type GitAnswer = { code: number; stdout: Buffer; stderr: string };

/** Git said no: `stderr` is what it said. */
export class GitError extends Error {
  readonly stderr: string;

  constructor(args: readonly string[], how: string, stderr: string) {
    super(`git ${args[0] ?? ""} ${how}: ${stderr.trim().slice(0, 2000)}`);
    this.name = "GitError";
    this.stderr = stderr;
  }
}

export type Git = {
  /** @throws GitError when git fails, cannot be started or takes too long */
  run(args: readonly string[], call: GitCall): Promise<GitAnswer>;
  /** The same, for its output without the line's end. */
  text(args: readonly string[], call: GitCall): Promise<string>;
};

const harmless = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.logAllRefUpdates=false",
  "safe.directory=*",
  "advice.addEmbeddedRepo=false",
  "gc.auto=0",
  "maintenance.auto=false",
  "commit.gpgSign=false",
].flatMap((setting) => ["-c", setting]);

/** Every other command may look at files, and then starts what attributes name; even `write-tree` does. */
const readsNoFiles = new Set([
  "cat-file",
  "config",
  "for-each-ref",
  "ls-tree",
  "merge-base",
  "rev-list",
  "rev-parse",
  "symbolic-ref",
  "update-ref",
]);
/** What git does where no driver is named (gitattributes, "Defining a custom merge driver"). */
const textMerge = "git merge-file --marker-size=%L %A %O %B";

/** @param name of a setting of the repository's @returns what takes the program out of it */
function override(name: string): string[] {
  const [section, setting] = [name.slice(0, name.indexOf(".")), name.slice(name.lastIndexOf(".") + 1)];
  if (section === "filter" && setting === "required") return ["-c", `${name}=false`];
  if (section === "filter" && ["clean", "smudge", "process"].includes(setting)) return ["-c", `${name}=`];
  if (section === "merge" && setting === "driver") return ["-c", `${name}=${textMerge}`];
  return [];
}

/** @param path the PATH to find git on; @param home what HOME is for git, a folder of the orchestrator's own */
export function createGit(path: string | undefined, home: string): Git {
  const common = {
    PATH: path ?? "/usr/local/bin:/usr/bin:/bin",
    HOME: home,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_AUTHOR_NAME: "Longhaul",
    GIT_AUTHOR_EMAIL: "longhaul@localhost",
    GIT_COMMITTER_NAME: "Longhaul",
    GIT_COMMITTER_EMAIL: "longhaul@localhost",
  };
  const run = async (args: readonly string[], call: GitCall): Promise<GitAnswer> => {
    const isOwn = call.environment?.["GIT_DIR"] !== undefined; // a configuration of ours
    const programs = isOwn || readsNoFiles.has(args[0] ?? "") ? [] : await withoutPrograms(call);
    return start([...programs, ...args], args, call);
  };
  const withoutPrograms = async ({ cwd, environment = {} }: GitCall): Promise<string[]> => {
    const asked = ["config", "--includes", "--name-only", "-z", "--get-regexp", "^(filter|merge)\\..*\\.[a-z]+$"];
    const { stdout } = await start(asked, asked, { cwd, environment, accept: [0, 1, 128] });
    return stdout.toString().split("\0").flatMap(override);
  };
  const start = (all: readonly string[], args: readonly string[], call: GitCall): Promise<GitAnswer> =>
    new Promise((resolve, reject) => {
      const child = spawn("git", [...harmless, ...all], {
        cwd: call.cwd,
        env: { ...common, ...call.environment },
        stdio: ["pipe", "pipe", "pipe"],
        timeout: call.timeoutMs ?? 60_000,
        killSignal: "SIGKILL",
      });
      const out: Buffer[] = [];
      let err = "";
      child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => (err.length < 64_000 ? (err += chunk.toString()) : undefined));
      child.on("error", (error) => reject(new GitError(args, "cannot be started", error.message)));
      child.on("close", (code, signal) => {
        if (code !== null && (call.accept ?? [0]).includes(code)) resolve({ code, stdout: Buffer.concat(out), stderr: err });
        else if (signal === null) reject(new GitError(args, `ended with ${code ?? "nothing"}`, err));
        else reject(new GitError(args, `was ended by ${signal} after ${call.timeoutMs ?? 60_000} ms at most`, err));
      });
      child.stdin.on("error", () => undefined); // it ended before it read all: its exit code says so
      child.stdin.end(call.input ?? "");
    });
  return { run, text: async (args, call) => (await run(args, call)).stdout.toString().trimEnd() };
}
