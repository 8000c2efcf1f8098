/** A real sshd on loopback, for the user that runs the tests, with keys of its own. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Whoever has no shell to log in to, like `nobody`, cannot be deployed to. */
const canLogIn = !/\/(nologin|false)$/.test(userInfo().shell ?? "");
export const sshd = canLogIn ? ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].find(existsSync) : undefined;

export type SshServer = {
  host: string;
  port: number;
  user: string;
  hostKey: string;
  privateKey: string;
  /** Folder that deployments may go to. */
  folder: string;
  close(): Promise<void>;
};

export async function startSshServer(): Promise<SshServer> {
  if (sshd === undefined) throw new Error("no sshd: apt-get install openssh-server");
  const folder = await mkdtemp("/tmp/longhaul-sshd-");
  for (const name of ["host", "client"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", join(folder, name)]);
  const publicKey = await readFile(join(folder, "client.pub"), "utf8");
  await writeFile(join(folder, "authorized"), publicKey, { mode: 0o600 });
  await mkdir(join(folder, "srv"));
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true }); // where it wants to be confined
  const port = await freePort();
  const settings = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${join(folder, "host")}`,
    `AuthorizedKeysFile ${join(folder, "authorized")}`,
    `PidFile ${join(folder, "pid")}`,
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    "StrictModes no",
    "UsePAM no",
  ];
  await writeFile(join(folder, "config"), `${settings.join("\n")}\n`);
  const server = spawn(sshd, ["-D", "-e", "-f", join(folder, "config")], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  server.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  while (!(await answers(port))) {
    if (server.exitCode !== null) throw new Error(`sshd ended: ${said}`);
    await delay(20);
  }
  const [type = "", key = ""] = (await readFile(join(folder, "host.pub"), "utf8")).split(" ");
  return {
    host: "127.0.0.1",
    port,
    user: userInfo().username,
    hostKey: `${type} ${key}`,
    privateKey: await readFile(join(folder, "client"), "utf8"),
    folder: join(folder, "srv"),
    async close() {
      if (server.exitCode === null) {
        const ended = once(server, "exit");
        server.kill();
        await ended;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
