/**
 * The wrapper that puts a command into a sandbox: bind mounts in a mount namespace of its own, by `bwrap` where it is installed and works,
 * else by `unshare` and one table of mounts, which `mount` works off in a single process. Root gives up what could undo it: mounting,
 * looking into processes outside, loading code into the kernel. A namespace made inside inherits the mounts locked.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dropCapabilities } from "./isolation.ts";
import { isWithin, type SandboxPaths } from "./sandbox-paths.ts";

export type SandboxOptions = {
  paths: SandboxPaths;
  /** Where the command starts. */
  cwd: string;
  network: "open" | "none";
  /** Folder for the table of mounts. */
  directory: string;
  /** What hidden things look like inside. */
  blanks: Record<SandboxPaths["hidden"][number]["as"], string>;
};

/** Never made read-only: the kernel's own file systems, and devices. */
const kernelOwned = ["/proc", "/sys", "/dev"];
const dropFromRoot = ["sys_admin", "sys_ptrace", "sys_module", "sys_rawio", "sys_boot", "mknod", "mac_admin", "bpf", "perfmon"];

const tableName = "sandbox.fstab";
/** Stands in the output when the sandbox could not be built: an exit code alone could be the command's. */
export const sandboxFailed = "longhaul: no sandbox, nothing was run";

/** Through `unshare`, inside the PID namespace that the supervisor is the first process of. */
export async function unshareSandbox(options: SandboxOptions): Promise<string[]> {
  const { paths, blanks, cwd, directory, network } = options;
  // What is hidden as a whole may hold something that is needed (a workspace in LONGHAUL_HOME): that is kept open and put back.
  const kept = paths.writable.filter((path) => paths.hidden.some((hidden) => isWithin(path, hidden.path)));
  const mounts = parseMounts(await readFile("/proc/self/mountinfo", "utf8"));
  const readOnly = mounts.filter(
    ({ path, flags }) =>
      path !== "/" && !flags.includes("ro") && ![...kernelOwned, ...paths.writable].some((other) => isWithin(path, other)),
  );
  const rootFlags = mounts.findLast(({ path }) => path === "/")?.flags ?? [];
  const table = [
    ...paths.writable.map((path) => line(path, path, "none", "rbind")),
    ...readOnly.map(({ path, flags }) =>
      line("none", path, "none", ["remount", "bind", "ro", ...flags.filter((flag) => flag !== "rw")]),
    ),
    ...paths.readOnly.map((path) => line(path, path, "none", "bind,ro")),
    ...paths.hidden.map(({ path, as }) =>
      kept.some((inside) => isWithin(inside, path))
        ? line("tmpfs", path, "tmpfs", "mode=711,size=64k")
        : line(blanks[as], path, "none", "bind,ro"),
    ),
    ...kept.map((path, index) => line(`/proc/self/fd/${index + 3}`, path, "none", "rbind,x-mount.mkdir")),
  ];
  const tablePath = join(directory, tableName);
  await writeFile(tablePath, `${table.join("\n")}\n`, { mode: 0o600 });
  const root = process.getuid?.() === 0;
  const drop = root
    ? ["setpriv", `--bounding-set=${dropFromRoot.map((name) => `-${name}`).join(",")}`, "--inh-caps=-all", "--"]
    : dropCapabilities;
  const remountRoot = ["remount", "bind", "ro", ...rootFlags.filter((flag) => flag !== "rw" && flag !== "ro")].join(",");
  const script = [
    ...kept.map((path, index) => `exec ${index + 3}<${quoted(path)}`),
    `mount -n -c -a -T ${quoted(tablePath)} && mount -n -o ${remountRoot} / && cd ${quoted(cwd)} || { echo '${sandboxFailed}' >&2; exit 126; }`,
    ...kept.map((_path, index) => `exec ${index + 3}<&-`),
    ...(network === "none" ? ["ip link set lo up 2>/dev/null || :"] : []),
    `exec ${drop.join(" ")} "$@"`,
  ].join("\n");
  return ["unshare", "--mount-proc", ...(network === "none" ? ["--net"] : []), "--", "sh", "-c", script, "sandbox"];
}

/** Through bubblewrap, which brings a PID namespace of its own and dies with its parent. */
export function bwrapSandbox({ paths, blanks, cwd, network }: SandboxOptions): string[] {
  const kept = paths.writable.filter((path) => paths.hidden.some((hidden) => isWithin(path, hidden.path)));
  return [
    "bwrap",
    "--die-with-parent",
    "--unshare-pid",
    ...(network === "none" ? ["--unshare-net"] : []),
    "--ro-bind",
    "/",
    "/",
    "--dev-bind",
    "/dev",
    "/dev",
    "--proc",
    "/proc",
    ...paths.writable.flatMap((path) => ["--bind", path, path]),
    ...paths.readOnly.flatMap((path) => ["--ro-bind", path, path]),
    ...paths.hidden.flatMap(({ path, as }) => (as === "folder" ? ["--tmpfs", path] : ["--ro-bind", blanks[as], path])),
    ...kept.flatMap((path) => ["--bind", path, path]),
    "--chdir",
    cwd,
    "--",
  ];
}

/** Mount points as they are written in mountinfo, which is also how a table of mounts wants them. */
function parseMounts(text: string): { path: string; flags: string[] }[] {
  return text
    .trimEnd()
    .split("\n")
    .map((row) => {
      const [, , , , path = "", flags = ""] = row.split(" ");
      return { path: unescaped(path), flags: flags.split(",") };
    });
}

function line(source: string, target: string, type: string, flags: string | string[]): string {
  return [escaped(source), escaped(target), type, [flags].flat().join(","), "0", "0"].join(" ");
}

const escaped = (path: string) =>
  path.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
const unescaped = (path: string) =>
  path.replace(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
