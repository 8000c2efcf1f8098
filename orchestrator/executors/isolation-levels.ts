/**
 * The levels of isolation of one node: which work here, found by using each, and how a task is held in the one it gets.
 *
 * Without a wish of the task it is the strongest level that works without installing anything, or the one that the configuration names. A
 * level that is asked for and not there is refused before anything starts, with what it would need: never a weaker one instead.
 */
import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type IsolationLevel, isolationRequest } from "../../plan/isolation.ts";
import { LonghaulError } from "../domain/errors.ts";
import { containerName, containerOf, type EngineChoice, findEngine } from "./container.ts";
import type { Assignment } from "./executor.ts";
import { type Containment, findContainment, type Isolation, processLevel } from "./isolation.ts";
import { bwrapSandbox, type SandboxOptions, unshareSandbox } from "./sandbox.ts";
import { containerFolders, sandboxPaths } from "./sandbox-paths.ts";
import { BrokenTask } from "./task-folder.ts";

/** One level on this node; `needs` says what a missing one is waiting for. */
export type LevelReport = { level: IsolationLevel; available: boolean; why: string; needs?: string };

export type Confinement = { directory: string; cwd: string; writableHome: boolean };

/** @throws BrokenTask when the task asks for what this node does not have */
export type Confine = (assignment: Pick<Assignment, "task" | "workspace">, how: Confinement) => Promise<Containment>;

export type IsolationLevels = {
  /** What a task gets that asks for nothing. */
  report: Isolation;
  levels: LevelReport[];
  confine: Confine;
};

export type IsolationOptions = {
  /** `LONGHAUL_HOME`, which sandboxed tasks do not see. */
  state: string;
  home: string;
  temporary?: string | undefined;
  /** Instead of the strongest. */
  level?: IsolationLevel | undefined;
  writable?: readonly string[];
  reveal?: readonly string[];
  /** Instead of the first that is found. */
  engine?: EngineChoice | undefined;
  /** What level `container` runs when the task names no image. */
  image?: string | undefined;
};

const probeMs = 5_000;
const sandboxFiles =
  "the workspace, temporary folders and package caches can be written, credentials are hidden, the rest is read-only";

/**
 * Tries every level once.
 * @throws LonghaulError unavailable when `options.level` names one that does not work here
 */
export async function findIsolation(options: IsolationOptions): Promise<IsolationLevels> {
  const base = await findContainment();
  const [plain, sandbox, engine] = await Promise.all([
    processLevel("asked for"),
    findSandbox(base, options.state),
    findEngine(options.engine),
  ]);
  const contained = base.report.level === "contained";
  const levels: LevelReport[] = [
    { level: "process", available: true, why: "process groups work everywhere" },
    {
      level: "contained",
      available: contained,
      why: base.report.why,
      ...(contained
        ? {}
        : { needs: "Linux with PID namespaces and util-linux (unshare, setpriv), or the permission to make user namespaces" }),
    },
    {
      level: "sandboxed",
      available: sandbox.build !== undefined,
      why: sandbox.why,
      ...(sandbox.build === undefined ? { needs: "Linux with mount namespaces and util-linux, or bubblewrap (bwrap)" } : {}),
    },
    {
      level: "container",
      available: !("why" in engine),
      why: "why" in engine ? engine.why : `${engine.name} ${engine.version} answers`,
      ...("why" in engine ? { needs: "podman, or docker with its engine running" } : {}),
    },
  ];
  const configured = levels.find(({ level }) => level === options.level);
  if (configured?.available === false) {
    throw new LonghaulError(
      "unavailable",
      `LONGHAUL_ISOLATION is ${configured.level}, which does not work here: ${configured.why}.`,
      {
        hint: `It needs: ${configured.needs}. Without the setting the strongest level that works is taken.`,
      },
    );
  }
  const standard =
    options.level ?? levels.findLast(({ level, available }) => available && level !== "container")?.level ?? "process";

  const confine: Confine = async (assignment, how) => {
    const asked = isolationRequest(assignment.task.isolation);
    const level = asked.level ?? standard;
    const { available, why, needs } = levels.find((known) => known.level === level) as LevelReport;
    const named = `task ${assignment.task.id}: isolation ${level}`;
    if (!available) throw new BrokenTask(`${named} is not available on this node, nothing was run: ${why}. It needs: ${needs}.`);
    const network = asked.network ?? "open";
    if (level === "container" && !("why" in engine)) {
      if (how.writableHome)
        throw new BrokenTask(`${named} is for commands, nothing was run: an agent and its login are not in an image.`);
      const image = asked.image ?? options.image;
      if (image === undefined) {
        throw new BrokenTask(
          `${named} has no image, nothing was run: name one in isolation.image, or in LONGHAUL_CONTAINER_IMAGE.`,
        );
      }
      const folders = await containerFolders(assignment.workspace, asked.writable ?? [], options.home);
      const { memoryMb } = assignment.task.limits ?? {};
      return containerOf({ engine, image, name: containerName(how.directory), cwd: how.cwd, folders, network, memoryMb });
    }
    if (level !== "sandboxed" && (network === "none" || asked.writable !== undefined)) {
      throw new BrokenTask(`${named} limits neither network nor files, nothing was run; ask for "sandboxed".`);
    }
    if (level === "process") return plain;
    if (level === "contained" || sandbox.build === undefined) return base;
    const paths = await sandboxPaths({
      workspace: assignment.workspace,
      home: options.home,
      state: options.state,
      temporary: options.temporary,
      writableHome: how.writableHome,
      writable: [...(options.writable ?? []), ...(asked.writable ?? [])],
      reveal: [...(options.reveal ?? []), ...(asked.reveal ?? [])],
    });
    const built = await sandbox.build({ paths, cwd: how.cwd, directory: how.directory, network });
    return { ...built, report: sandboxReport(built.report, sandbox.why, network) };
  };
  return {
    levels,
    confine,
    report: {
      process: plain.report,
      contained: base.report,
      container: { ...base.report, level: "container" as const },
      sandboxed: sandboxReport(base.report, sandbox.why),
    }[standard],
  };
}

function sandboxReport(base: Isolation, why: string, network = "open"): Isolation {
  return { ...base, level: "sandboxed", files: sandboxFiles, network, treeKill: "guaranteed", why };
}

type Sandbox = { why: string; build?: (options: Omit<SandboxOptions, "blanks">) => Promise<Containment> };

/** The first way of building a sandbox that holds what it promises. */
async function findSandbox(base: Containment, state: string): Promise<Sandbox> {
  if (process.platform !== "linux") return { why: `${process.platform} has no mount namespaces` };
  const blanks = await makeBlanks(join(state, "cache", "blank"));
  const byUnshare = async (options: Omit<SandboxOptions, "blanks">): Promise<Containment> => ({
    ...base,
    wrapper: unshareSandbox({ ...options, blanks }),
  });
  const byBwrap = async (options: Omit<SandboxOptions, "blanks">): Promise<Containment> => ({
    report: base.report,
    pidNamespace: false,
    launcher: [],
    wrapper: bwrapSandbox({ ...options, blanks }),
  });
  const refusals: string[] = [];
  if (base.pidNamespace) {
    const refusal = await tryHolding(byUnshare, state);
    if (refusal === undefined) return { build: byUnshare, why: `mount namespaces work; ${base.report.why}` };
    refusals.push(`unshare: ${refusal}`);
  } else refusals.push(base.report.why);
  const refusal = await tryHolding(byBwrap, state);
  if (refusal === undefined) return { build: byBwrap, why: "bubblewrap works" };
  return { why: [...refusals, `bwrap: ${refusal}`].join("; ") };
}

async function makeBlanks(folder: string): Promise<SandboxOptions["blanks"]> {
  const blanks = { folder: join(folder, "folder"), file: join(folder, "file"), json: join(folder, "file.json") };
  await mkdir(blanks.folder, { recursive: true, mode: 0o755 });
  await Promise.all([writeFile(blanks.file, ""), writeFile(blanks.json, "{}\n")]);
  return blanks;
}

/** Builds a sandbox around a folder of its own and tries to break each of its promises. Resolves to the first that is broken. */
async function tryHolding(build: NonNullable<Sandbox["build"]>, state: string): Promise<string | undefined> {
  const root = await mkdtemp(join(state, "cache", "probe-"));
  try {
    const [workspace, secret] = [join(root, "hidden", "workspace"), join(root, "secret")];
    await Promise.all([workspace, secret].map((folder) => mkdir(folder, { recursive: true })));
    await Promise.all([chmod(root, 0o711), writeFile(join(secret, "key"), "key"), writeFile(join(root, "hidden", "key"), "key")]);
    const { launcher, wrapper } = await build({
      cwd: workspace,
      directory: root,
      network: "open",
      paths: {
        writable: [workspace],
        readOnly: [],
        hidden: [
          { path: secret, as: "folder" },
          { path: join(root, "hidden"), as: "folder" },
        ],
      },
    });
    const attempts = [
      ["the workspace cannot be written", "echo x > written && test -s written"],
      ["files outside can be written", `! (echo x > '${root}/outside') 2>/dev/null`],
      ["hidden folders can be read", `! test -e '${secret}/key' && ! test -e '${root}/hidden/key'`],
      ["files outside can be written through /proc", `! (echo x > '/proc/1/root${root}/outside') 2>/dev/null`],
      ["hidden folders can be read through /proc", `! test -e '/proc/1/root${secret}/key'`],
      ["it can be made writable again", "! mount -n -o remount,bind,rw / 2>/dev/null"],
    ].map(([promise, test]) => `{ ${test}; } || { echo '${promise}' >&2; exit 1; }`);
    return await failure([...launcher, ...wrapper, "sh", "-c", attempts.join("\n")], workspace);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function failure(argv: string[], cwd: string): Promise<string | undefined> {
  const [program, ...args] = argv as [string, ...string[]];
  const child = spawn(program, args, { cwd, stdio: ["ignore", "ignore", "pipe"], timeout: probeMs, killSignal: "SIGKILL" });
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => {
    complaint += text.toString();
  });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code) => resolve(code === 0 ? undefined : complaint.trim().split("\n")[0] || `it ended with ${code}`));
  });
}
