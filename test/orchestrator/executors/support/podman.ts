/**
 * A podman that works in the machines of this project's CI, and an image without a registry. Those machines may not raise limits, which
 * podman asks for: its runtime is given the same container without that wish. Everything else is podman's own.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

export const image = "localhost/longhaul-test:latest";
const [podman, runc, busybox] = ["/usr/bin/podman", "/usr/sbin/runc", "/bin/busybox"];
/** Debian's podman, runc and busybox-static; only root can use them without subordinate ids. */
export const podmanIsThere = [podman, runc, busybox].every((path) => existsSync(path)) && process.getuid?.() === 0;

/** Returns the folder to put first on PATH. */
export async function preparePodman(folder: string): Promise<string> {
  const bin = join(folder, "bin");
  await mkdir(join(folder, "image", "bin"), { recursive: true });
  await mkdir(bin);
  const runtime = join(bin, "runc");
  await writeFile(
    runtime,
    `#!/bin/sh
bundle=.
for word; do if [ "$last" = --bundle ]; then bundle=$word; fi; last=$word; done
if [ -f "$bundle/config.json" ]; then
  '${process.execPath}' -e 'const fs = require("node:fs"), file = process.argv[1], config = JSON.parse(fs.readFileSync(file)); delete config.process.rlimits; delete config.process.oomScoreAdj; fs.writeFileSync(file, JSON.stringify(config))' "$bundle/config.json"
fi
exec ${runc} "$@"
`,
  );
  const program = join(bin, "podman");
  const storage = `--root '${folder}/storage' --runroot '${folder}/run' --storage-driver vfs`;
  await writeFile(program, `#!/bin/sh\nexec ${podman} ${storage} --cgroup-manager cgroupfs --runtime '${runtime}' "$@"\n`);
  for (const file of [runtime, program]) await chmod(file, 0o755);
  execFileSync("cp", [busybox, join(folder, "image", "bin", "busybox")]);
  for (const name of ["sh", "cat", "ls", "sleep", "env", "sed", "id", "dd", "tail", "wc", "touch"])
    await symlink("busybox", join(folder, "image", "bin", name));
  execFileSync("tar", ["-C", join(folder, "image"), "-cf", join(folder, "image.tar"), "."]);
  execFileSync(program, ["import", join(folder, "image.tar"), image], { stdio: "ignore" });
  return bin;
}
