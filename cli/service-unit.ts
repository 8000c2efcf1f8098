/** The service files of `deploy/` with the paths of this installation. Pure but for reading the templates. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export type Installation = {
  node: string;
  program: string;
  home: string;
  /** The search path of the user: tasks look for their programs there. */
  path: string;
};
export type ServiceFile = { kind: "systemd-user" | "systemd-system" | "launchd"; path: string; text: string };

const folder = new URL("../deploy/", import.meta.url);
const quoted = /["\\$%\n]/;

/** @throws Error for a platform that has neither systemd nor launchd, and for paths that a service file cannot hold */
export async function serviceFile(
  installation: Installation,
  { platform, userHome, isRoot, configHome }: { platform: string; userHome: string; isRoot: boolean; configHome: string },
): Promise<ServiceFile> {
  if (platform === "darwin") {
    const text = await readFile(new URL("launchd/longhaul.plist", folder), "utf8");
    return { kind: "launchd", path: join(userHome, "Library/LaunchAgents/longhaul.plist"), text: plistOf(text, installation) };
  }
  if (platform !== "linux") throw new Error(`There is no service for ${platform} yet: start 'up' from its own service manager.`);
  const template = await readFile(new URL("systemd/longhaul-user.service", folder), "utf8");
  const text = unitOf(template, installation, isRoot);
  return isRoot
    ? { kind: "systemd-system", path: "/etc/systemd/system/longhaul.service", text }
    : { kind: "systemd-user", path: join(configHome, "systemd/user/longhaul.service"), text };
}

function unitOf(template: string, { node, program, home, path }: Installation, isRoot: boolean): string {
  for (const value of [node, program, home, path])
    if (quoted.test(value)) throw new Error(`A service file cannot hold the path ${JSON.stringify(value)}.`);
  const start = `ExecStart="${node}" --max-semi-space-size=4 "${program}" up --foreground`;
  const environment = [`Environment="LONGHAUL_HOME=${home}"`, `Environment="PATH=${path}"`].join("\n");
  const text = template.replace(/^#.*\n/, "").replace(/^ExecStart=.*$/m, `${environment}\n${start}`);
  if (!isRoot) return text;
  return text
    .replace("-%h/.config/longhaul/environment", "-/etc/longhaul/environment")
    .replace("WantedBy=default.target", "WantedBy=multi-user.target");
}

function plistOf(template: string, { node, program, home, path }: Installation): string {
  const text = (value: string) => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return template
    .replace(/<!-- One Longhaul[^]*?-->\n/, "")
    .replace(/ {4}<string>\/usr\/bin\/env<\/string>\n {4}<string>node<\/string>/, `    <string>${text(node)}</string>`)
    .replace("/opt/longhaul/bin/longhaul.mjs", text(program))
    .replace("/var/lib/longhaul</string>", `${text(home)}</string>\n    <key>PATH</key>\n    <string>${text(path)}</string>`);
}
