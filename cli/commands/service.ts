/** The orchestrator as a service of this machine, so that it comes back after a reboot. */
import { execFile } from "node:child_process";
import { access, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { discoverOrchestrator } from "../../client/discover.ts";
import { exitCodes } from "../exit-codes.ts";
import { CommandFailure } from "../failure.ts";
import { mark } from "../marks.ts";
import { type ServiceFile, serviceFile } from "../service-unit.ts";
import { program, type Session } from "../session.ts";
import { answer, commandLine } from "../terminal.ts";

type Flags = { json?: boolean; print?: boolean; start?: boolean };
type Step = readonly [string, ...string[]];

const run = promisify(execFile);

export async function serviceInstall(session: Session, { json = false, print = false, start = true }: Flags): Promise<number> {
  const file = await fileFor(session);
  if (print) {
    process.stdout.write(file.text);
    return exitCodes.ok;
  }
  if (start) await managerIsThere(file);
  await mkdir(dirname(file.path), { recursive: true });
  await writeFile(file.path, file.text, { mode: 0o644 });
  if (start) for (const step of startSteps(file)) await carryOut(step);
  const state = start ? await stateOf(file) : "written";
  answer(json, { ...file, state }, () => [
    `${mark("completed")} ${file.path}`,
    start
      ? `The orchestrator is ${state} and comes back after a reboot.${start && file.kind === "systemd-user" ? " It also runs while you are logged out." : ""}`
      : `Written only. To start it: ${startSteps(file)
          .map((step) => step.join(" "))
          .join(" && ")}`,
  ]);
  return exitCodes.ok;
}

export async function serviceUninstall(session: Session, { json = false }: Flags): Promise<number> {
  const file = await fileFor(session);
  if (!(await exists(file.path))) {
    answer(json, { path: file.path, removed: false }, () => [`No service is installed: ${file.path} does not exist.`]);
    return exitCodes.ok;
  }
  // Without a running manager there is nothing to stop.
  for (const step of stopSteps(file)) await run(step[0], step.slice(1)).catch(() => undefined);
  await rm(file.path);
  if (file.kind !== "launchd") await run("systemctl", [...scope(file), "daemon-reload"]).catch(() => undefined);
  answer(json, { path: file.path, removed: true }, () => [
    `Removed ${file.path}. Running tasks go on under their supervisors; '${commandLine("up")}' takes them over.`,
  ]);
  return exitCodes.ok;
}

export async function serviceStatus(session: Session, { json = false }: Flags): Promise<number> {
  const file = await fileFor(session);
  const installed = await exists(file.path);
  const isCurrent = installed && (await readFile(file.path, "utf8")) === file.text;
  const state = installed ? await stateOf(file) : "not installed";
  const found = await discoverOrchestrator(session.config.home, { token: session.config.token });
  answer(json, { path: file.path, installed, isCurrent, state, running: found.running }, () => [
    installed
      ? `${mark(state === "active" ? "running" : "failed")} ${file.path}: ${state}`
      : `${mark("pending")} not installed. '${commandLine("service install")}' makes it come back after a reboot.`,
    ...(installed && !isCurrent
      ? [`It is for another installation or version. Bring it up to date: ${commandLine("service install")}`]
      : []),
    found.running ? `An orchestrator runs: process ${found.pid}, ${found.url}` : `No orchestrator runs. ${found.detail}`,
  ]);
  return installed && state === "active" ? exitCodes.ok : exitCodes.failed;
}

/** What doctor says about it; reads files only. */
export async function isServiceInstalled(session: Session): Promise<boolean> {
  try {
    return await exists((await fileFor(session)).path);
  } catch {
    return false;
  }
}

async function fileFor({ config }: Session): Promise<ServiceFile> {
  const { environment, home } = config;
  const userHome = environment["HOME"] || homedir();
  try {
    return await serviceFile(
      { node: process.execPath, program, home, path: environment["PATH"] || "/usr/local/bin:/usr/bin:/bin" },
      {
        platform: process.platform,
        userHome,
        isRoot: process.getuid?.() === 0,
        configHome: environment["XDG_CONFIG_HOME"] || join(userHome, ".config"),
      },
    );
  } catch (error) {
    throw new CommandFailure(
      (error as Error).message,
      exitCodes.refused,
      `Or run it yourself: ${commandLine("up --foreground")}`,
    );
  }
}

const scope = ({ kind }: ServiceFile): string[] => (kind === "systemd-user" ? ["--user"] : []);

function startSteps(file: ServiceFile): Step[] {
  if (file.kind === "launchd") return [["launchctl", "bootstrap", `gui/${userInfo().uid}`, file.path]];
  return [
    ["systemctl", ...scope(file), "daemon-reload"],
    ["systemctl", ...scope(file), "enable", "--now", "longhaul.service"],
    // So that it starts with the machine, and not with the login.
    ...(file.kind === "systemd-user" ? [["loginctl", "enable-linger"] as const] : []),
  ];
}

function stopSteps(file: ServiceFile): Step[] {
  if (file.kind === "launchd") return [["launchctl", "bootout", `gui/${userInfo().uid}/longhaul`]];
  return [["systemctl", ...scope(file), "disable", "--now", "longhaul.service"]];
}

async function managerIsThere(file: ServiceFile): Promise<void> {
  const asks: Step = file.kind === "launchd" ? ["launchctl", "list"] : ["systemctl", ...scope(file), "show-environment"];
  try {
    await run(asks[0], asks.slice(1));
  } catch (error) {
    const { stderr = "", message } = error as { stderr?: string; message: string };
    throw new CommandFailure(
      `No service manager answers here: ${(stderr || message).trim().split("\n")[0]}`,
      exitCodes.refused,
      `In a container, start '${commandLine("up --foreground")}' as its command. '${commandLine("service install --no-start")}' only writes ${file.path}.`,
    );
  }
}

async function carryOut(step: Step): Promise<void> {
  try {
    await run(step[0], step.slice(1));
  } catch (error) {
    const { stderr = "", message } = error as { stderr?: string; message: string };
    throw new CommandFailure(`'${step.join(" ")}' failed: ${(stderr || message).trim()}`, exitCodes.failed);
  }
}

async function stateOf(file: ServiceFile): Promise<string> {
  const asks: Step =
    file.kind === "launchd"
      ? ["launchctl", "print", `gui/${userInfo().uid}/longhaul`]
      : ["systemctl", ...scope(file), "is-active", "longhaul.service"];
  try {
    const { stdout } = await run(asks[0], asks.slice(1));
    return file.kind === "launchd" ? (/state = running/.test(stdout) ? "active" : "loaded") : stdout.trim();
  } catch (error) {
    const { stdout = "" } = error as { stdout?: string };
    return stdout.trim() || "inactive";
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
