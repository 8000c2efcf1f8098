/**
 * Which parts of the disk a sandboxed task may change, and which it may not even see.
 *
 * Ordinary builds must go on working: the workspace, the repository it belongs to, temporary folders and the package managers' caches can
 * be written, and everything that is installed can be read. Hidden is what a stolen line of output would hurt most: keys, tokens, logins,
 * and Longhaul's own state. The Docker socket is not hidden, because plans start containers; whoever may use it is root.
 */
import type { Stats } from "node:fs";
import { lstat, readFile, realpath, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

export type SandboxPaths = {
  /** Existing and without links; none below another that would show it. */
  writable: string[];
  /** Below a writable one, and not to be written all the same. */
  readOnly: string[];
  hidden: { path: string; as: "folder" | "file" | "json" }[];
};

export type SandboxNeeds = {
  workspace: string;
  /** The user's home folder. */
  home: string;
  /** `LONGHAUL_HOME`. */
  state: string;
  /** An agent keeps its own state in the home folder: that is writable then, apart from what starts programs by itself. */
  writableHome: boolean;
  /** Beyond the usual: from the task and from the node's configuration; `~/` is the home folder. */
  writable: readonly string[];
  reveal: readonly string[];
  temporary: string | undefined;
};

const caches = [
  ".cache",
  ".npm",
  ".yarn",
  ".pnpm-store",
  ".local/share/pnpm",
  ".bun",
  ".deno",
  ".cargo",
  ".rustup",
  "go",
  ".m2",
  ".gradle",
  ".ivy2",
  ".sbt",
  ".nuget",
  ".gem",
  ".bundle",
  ".composer",
  "Library/Caches",
];
const credentials = [
  ".ssh",
  ".gnupg",
  ".aws",
  ".azure",
  ".kube",
  ".oci",
  ".password-store",
  ".config/gcloud",
  ".config/gh",
  ".config/hub",
  ".config/glab-cli",
  ".config/op",
  ".config/doctl",
  ".local/share/keyrings",
  "Library/Keychains",
  ".netrc",
  ".git-credentials",
  ".config/git/credentials",
  ".npmrc",
  ".yarnrc.yml",
  ".pypirc",
  ".pgpass",
  ".vault-token",
  ".docker/config.json",
  ".terraform.d/credentials.tfrc.json",
  ".cargo/credentials",
  ".cargo/credentials.toml",
  ".gem/credentials",
  ".m2/settings-security.xml",
  ".bash_history",
  ".zsh_history",
];
/** An agent cannot work without its own login; for everything else that is a credential like any other. */
const agentCredentials = [".claude/.credentials.json", ".claude.json"];
const startsPrograms = [
  ".bashrc",
  ".bash_profile",
  ".bash_login",
  ".bash_logout",
  ".profile",
  ".zshrc",
  ".zshenv",
  ".zprofile",
  ".config/fish",
  ".config/autostart",
  ".config/systemd",
  ".local/share/systemd",
  ".local/bin",
  "bin",
  ".gitconfig",
  ".config/git",
  "Library/LaunchAgents",
];

/** Looks at the disk for what exists; what does not exist can neither be written nor hidden. */
export async function sandboxPaths(needs: SandboxNeeds): Promise<SandboxPaths> {
  const below = (names: readonly string[]) => names.map((name) => (name.startsWith("~/") ? name.slice(2) : name));
  const inHome = (names: readonly string[]) => below(names).map((name) => resolve(needs.home, name));
  const temporary = ["/tmp", "/var/tmp", "/dev/shm", ...(needs.temporary === undefined ? [] : [needs.temporary])];
  const [writable, revealed, hidden, readOnly] = await Promise.all([
    existing([
      needs.workspace,
      ...(await gitFolders(needs.workspace)),
      ...temporary,
      ...inHome(needs.writableHome ? ["."] : caches),
      ...inHome(needs.writable),
    ]),
    existing(inHome(needs.reveal)),
    existing([...inHome([...credentials, ...(needs.writableHome ? [] : agentCredentials)]), needs.state]),
    existing(needs.writableHome ? inHome(startsPrograms) : []),
  ]);
  const concealed = hidden.filter(({ path }) => !revealed.some((shown) => isWithin(path, shown.path)));
  return {
    writable: outermost(
      writable.map(({ path }) => path),
      concealed.map(({ path }) => path),
    ),
    readOnly: readOnly.map(({ path }) => path),
    hidden: concealed.map(({ path, stats }) => ({
      path,
      as: stats.isDirectory() ? "folder" : path.endsWith(".json") ? "json" : "file",
    })),
  };
}

/** Whether `path` is `folder` or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || folder === "/" || path.startsWith(`${folder}/`);
}

/** Without what lies in another one, unless something hidden lies between them. */
function outermost(paths: string[], hidden: string[]): string[] {
  const all = [...new Set(paths)];
  const covers = (other: string, path: string) =>
    other !== path && isWithin(path, other) && !hidden.some((between) => isWithin(path, between) && isWithin(between, other));
  return all.filter((path) => !all.some((other) => covers(other, path)));
}

async function existing(paths: readonly string[]): Promise<{ path: string; stats: Stats }[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      try {
        const real = await realpath(path);
        return { path: real, stats: await stat(real) };
      } catch {
        return undefined;
      }
    }),
  );
  return found.filter((entry) => entry !== undefined);
}

/** What a container is given of this machine: the workspace, its repository, and what the task names. */
export async function containerFolders(workspace: string, writable: readonly string[], home: string): Promise<string[]> {
  const named = writable.map((path) => resolve(home, path.startsWith("~/") ? path.slice(2) : path));
  const found = await existing([workspace, ...(await gitFolders(workspace)), ...named]);
  return outermost(
    found.map(({ path }) => path),
    [],
  );
}

/** Where commits in this folder are written: the repository above it, also when this is one of its worktrees. */
async function gitFolders(workspace: string): Promise<string[]> {
  for (let folder = resolve(workspace); ; folder = dirname(folder)) {
    const git = join(folder, ".git");
    const found = await lstat(git).catch(() => undefined);
    if (found?.isDirectory() === true) return [git];
    if (found?.isFile() === true) {
      const own = resolve(folder, /^gitdir: (.*)$/m.exec(await readFile(git, "utf8"))?.[1] ?? ".git");
      const common = await readFile(join(own, "commondir"), "utf8").catch(() => ".");
      return [own, resolve(own, common.trim())];
    }
    if (folder === dirname(folder)) return [];
  }
}
