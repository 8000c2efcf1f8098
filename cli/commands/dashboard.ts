/** A link into the dashboard, good for one browser and one minute. */
import { spawn } from "node:child_process";
import { dashboardLink } from "../../client/dashboard.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Session } from "../session.ts";
import { answer } from "../terminal.ts";

export async function dashboard(session: Session, flags: { json?: boolean; open?: boolean }): Promise<number> {
  const link = await dashboardLink(await session.ensuredClient());
  const opened = flags.open !== false && flags.json !== true && process.stdout.isTTY && (await open(link.url, session));
  answer(flags.json === true, link, () => [
    link.url,
    `${opened ? "Opened in the browser. " : ""}The link works once, within a minute.`,
  ]);
  return exitCodes.ok;
}

/** Hands the link to the desktop, where there is one. @returns false when nobody took it */
function open(url: string, session: Session): Promise<boolean> {
  const { environment } = session.config;
  const hasDesktop =
    process.platform !== "linux" || environment["DISPLAY"] !== undefined || environment["WAYLAND_DISPLAY"] !== undefined;
  if (!hasDesktop) return Promise.resolve(false);
  const [program, ...args] =
    process.platform === "darwin"
      ? ["open", url]
      : process.platform === "win32"
        ? ["rundll32", "url.dll,FileProtocolHandler", url]
        : ["xdg-open", url];
  return new Promise((resolve) => {
    const opener = spawn(program as string, args, { stdio: "ignore", detached: true });
    opener.on("error", () => resolve(false));
    opener.on("spawn", () => resolve(true));
    opener.unref();
  });
}
