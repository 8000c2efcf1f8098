/** The dashboard in a real Chromium, against a real orchestrator. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { dashboardLink } from "../../client/dashboard.ts";
import { createTestOrchestrator, type TestOrchestrator } from "./orchestrator.ts";
import { createTestDatabase } from "./postgres.ts";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];
const executablePath = process.env["CHROMIUM"] ?? places.find((path) => existsSync(path));

/** Tests are skipped without a Chromium, but not where CI is set. */
export const hasChromium = executablePath !== undefined || process.env["CI"] !== undefined;

export type OpenPage = Page & {
  /** What the browser complained about: scripts, styles and connections that the policy forbids, errors nobody caught. */
  complaints: string[];
};

export type DashboardTest = {
  orchestrator: TestOrchestrator;
  running: Awaited<ReturnType<TestOrchestrator["start"]>>;
  /** A page that is logged in, in a context of its own. */
  open(path?: string, options?: BrowserContextOptions): Promise<OpenPage>;
  /** A page that is not. */
  stranger(options?: BrowserContextOptions): Promise<OpenPage>;
  remove(): Promise<void>;
};

export async function createDashboardTest(environment: Record<string, string> = {}): Promise<DashboardTest> {
  if (executablePath === undefined)
    throw new Error("There is no Chromium. Install it (apt-get install chromium), or name it in CHROMIUM.");
  const { databaseUrl, drop } = await createTestDatabase();
  const orchestrator = await createTestOrchestrator({ DATABASE_URL: databaseUrl, ...environment });
  const running = await orchestrator.start();
  const browser: Browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  const contexts: BrowserContext[] = [];

  async function stranger(options: BrowserContextOptions = {}): Promise<OpenPage> {
    const context = await browser.newContext({ reducedMotion: "reduce", viewport: { width: 1280, height: 860 }, ...options });
    contexts.push(context);
    context.setDefaultTimeout(30_000);
    const page = Object.assign(await context.newPage(), { complaints: [] as string[] });
    page.on("pageerror", (error) => page.complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" || /Content Security Policy/.test(message.text())) page.complaints.push(message.text());
    });
    return page;
  }
  return {
    orchestrator,
    running,
    stranger,
    async open(path = "/", options = {}) {
      const page = await stranger(options);
      await page.goto((await dashboardLink(running.client)).url);
      await page.locator(".shell").waitFor();
      if (path !== "/") await page.goto(`${running.url}/dashboard${path}`);
      return page;
    },
    async remove() {
      await Promise.all(contexts.map((context) => context.close()));
      await browser.close();
      await orchestrator.remove();
      await drop();
    },
  };
}

const checker = createRequire(import.meta.url).resolve("accessibility-checker-engine/ace.js");
let checkerSource: string | undefined;

type Finding = { ruleId: string; value: [string, string]; message: string; snippet: string; path: { dom: string } };

/**
 * What the page does against WCAG 2.2 A and AA, as IBM's Equal Access engine finds it (Apache-2.0; axe-core is under the MPL, which this
 * project does not take in).
 */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  checkerSource ??= readFileSync(checker, "utf8");
  await page.evaluate(checkerSource);
  const findings = (await page.evaluate(
    `new ace.Checker().check(document, ["WCAG_2_2"]).then(({ results }) => results.filter(({ value }) => value[0] === "VIOLATION" && value[1] === "FAIL"))`,
  )) as Finding[];
  return findings.map(({ ruleId, message, snippet, path }) => `${ruleId}: ${message} ${snippet} ${path.dom}`);
}

/** Elements that make the page wider than the window. */
export function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > width + 1)
      .slice(0, 5)
      .map((element) => element.tagName + "." + element.className);
  })()`);
}

/** Makes the folder a repository with one commit, so that checkpoints hold its files. */
export function initRepository(folder: string): void {
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.org", ...args]);
  git("init", "-q");
  git("add", "-A");
  git("commit", "-qm", "start", "--allow-empty");
}
