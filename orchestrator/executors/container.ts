/**
 * Level `container`: the command runs in an image, with the workspace and its repository's `.git` and nothing else of this machine.
 *
 * Failure story. The engine's client is the supervisor's child and passes signals on. When that is killed, what runs in the container still
 * carries the attempt's mark and is swept like every other process; the container itself is removed by name at the end, by the supervisor or
 * by the orchestrator that finds it dead.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import type { Containment, Isolation } from "./isolation.ts";

export type Engine = { name: keyof typeof engines; version: string };

export type ContainerOptions = {
  engine: Engine;
  image: string;
  /** Tells this attempt's container from every other. */
  name: string;
  cwd: string;
  /** Mounted where they are outside. */
  folders: readonly string[];
  network: "open" | "none";
  memoryMb: number | undefined;
};

const probeMs = 5_000;
/** Of the machine outside: an image has its own. */
const ownOfImage = ["PATH", "HOME", "SHELL", "USER", "LOGNAME", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_"];

const engines = { podman: "{{.Client.Version}}", docker: "{{.Server.Version}}" } as const;
export type EngineChoice = keyof typeof engines | "none";

/** The first engine that answers, or what each said. A client without its engine is none. */
export async function findEngine(only?: EngineChoice): Promise<Engine | { why: string }> {
  if (only === "none") return { why: "switched off" };
  const refusals: string[] = [];
  for (const name of only === undefined ? (["podman", "docker"] as const) : [only]) {
    const format = engines[name];
    try {
      const { stdout } = await promisify(execFile)(name, ["version", "--format", format], { timeout: probeMs });
      return { name, version: stdout.trim() };
    } catch (error) {
      const { code, stderr = "" } = error as { code?: unknown; stderr?: string };
      refusals.push(`${name}: ${code === "ENOENT" ? "not installed" : (stderr.trim().split("\n").at(-1) ?? "no answer")}`);
    }
  }
  return { why: refusals.join("; ") };
}

/**
 * The first process of the container, which gets the signals: a shell would ignore them there. Not the engines' `--init`, which podman has only
 * with another package.
 */
const first = [
  "trap 'kill -TERM -1 2>/dev/null' TERM",
  '"$0" "$@" & child=$!',
  "while wait $child; code=$?; kill -0 $child 2>/dev/null; do :; done",
  "exit $code",
].join("\n");

/** Letters that every engine takes for a name. */
export const containerName = (directory: string): string =>
  `longhaul-${createHash("sha256").update(directory).digest("hex").slice(0, 20)}`;

export function containerOf({ engine, image, name, cwd, folders, network, memoryMb }: ContainerOptions): Containment {
  const { uid, gid } = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const user = engine.name === "podman" && uid !== 0 ? ["--userns=keep-id"] : ["--user", `${uid}:${gid}`];
  const limits = memoryMb === undefined ? [] : ["--memory", `${memoryMb}m`];
  const volumes = folders.flatMap((folder) => ["--volume", `${folder}:${folder}`]);
  const rights = ["--security-opt", "no-new-privileges", "--cap-drop", "all", "--network", network === "none" ? "none" : "host"];
  const run = [engine.name, "run", "--rm", "--name", name, ...user, ...rights, ...limits, ...volumes, "--workdir", cwd];
  // The variables travel by name: their values show in no process list.
  const script = [
    `for name in $(env | sed -n 's/^\\([A-Za-z_][A-Za-z0-9_]*\\)=.*/\\1/p'); do`,
    `case $name in ${ownOfImage.join("|")}) ;; *) set -- --env "$name" "$@" ;; esac`,
    "done",
    `exec ${run.map(quoted).join(" ")} "$@"`,
  ].join("\n");
  const report: Isolation = {
    level: "container",
    files: "the workspace can be written; of this machine nothing else is there",
    network,
    memory: memoryMb === undefined ? "watchdog" : "cgroup",
    treeKill: "best-effort",
    why: `${engine.name} ${engine.version}, image ${image}`,
  };
  return {
    report,
    pidNamespace: false,
    launcher: [],
    wrapper: ["sh", "-c", script, "container", image, "sh", "-c", first],
    cleanup: [engine.name, "rm", "--force", ...(engine.name === "podman" ? ["--ignore", "--time", "0"] : []), name],
  };
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
