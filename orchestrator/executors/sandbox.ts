/**
 * The wrapper that puts a command into a sandbox: bind mounts in a mount namespace of its own, by `bwrap` where it is installed and works,
 * else by `unshare` and one table of mounts, which `mount` works off in a single process. Root gives up what could undo it: mounting,
 * looking into processes outside, loading code into the kernel. A namespace made inside inherits the mounts locked.
 */
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

/**
 * Through `unshare`, inside the PID namespace that the supervisor is the first process of. What is mounted is looked up in there: outside,
 * mounts come and go, and a table that names one that has gone is a sandbox that cannot be built.
 */
export function unshareSandbox({ paths, blanks, cwd, directory, network }: SandboxOptions): string[] {
  // What is hidden as a whole may hold something that is needed (a workspace in LONGHAUL_HOME): that is kept open and put back.
  const kept = paths.writable.filter((path) => paths.hidden.some((hidden) => isWithin(path, hidden.path)));
  const first = paths.writable.map((path) => line(path, path, "none", "rbind"));
  const last = [
    ...paths.readOnly.map((path) => line(path, path, "none", "bind,ro")),
    ...paths.hidden.map(({ path, as }) =>
      kept.some((inside) => isWithin(inside, path))
        ? line("tmpfs", path, "tmpfs", "mode=711,size=64k")
        : line(blanks[as], path, "none", "bind,ro"),
    ),
    ...kept.map((path, index) => line(`/proc/self/fd/${index + 3}`, path, "none", "rbind,x-mount.mkdir")),
  ];
  const exempt = [...kernelOwned, ...paths.writable].flatMap((path) => [quoted(escaped(path)), `${quoted(escaped(path))}/*`]);
  const root = process.getuid?.() === 0;
  const drop = root
    ? ["setpriv", `--bounding-set=${dropFromRoot.map((name) => `-${name}`).join(",")}`, "--inh-caps=-all", "--"]
    : dropCapabilities;
  const table = quoted(join(directory, tableName));
  const script = [
    ...kept.map((path, index) => `exec ${index + 3}<${quoted(path)}`),
    "options=remount,bind,ro",
    "{",
    ...first.map((entry) => `printf '%s\\n' ${quoted(entry)}`),
    // Without a fork: a line per mount that could be written. A place that cannot be reached cannot be written either.
    "while read -r _ _ _ _ at flags _; do",
    `case $at in /) root=$flags; continue ;; ${exempt.join("|")}) continue ;; *'\\'*) ;; *) test -e "$at" || continue ;; esac`,
    `case ,$flags, in *,ro,*) continue ;; esac`,
    `printf 'none %s none %s,%s 0 0\\n' "$at" "$options" "\${flags#rw,}"`,
    "done < /proc/self/mountinfo",
    ...last.map((entry) => `printf '%s\\n' ${quoted(entry)}`),
    `} > ${table}`,
    `root=\${root#rw,}; mount -n -c -a -T ${table} && mount -n -o "$options,\${root#ro,}" / && cd ${quoted(cwd)} || { echo '${sandboxFailed}' >&2; exit 126; }`,
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

function line(source: string, target: string, type: string, flags: string | string[]): string {
  return [escaped(source), escaped(target), type, [flags].flat().join(","), "0", "0"].join(" ");
}

const escaped = (path: string) =>
  path.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
