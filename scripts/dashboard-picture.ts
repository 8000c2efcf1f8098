/**
 * Takes the README's picture of the dashboard from a real run: `node scripts/dashboard-picture.ts` hands off a plan of a dozen commands, opens
 * the dashboard in Chromium while some of them run, and writes docs/dashboard.png. Chromium's place may be given in CHROMIUM.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("..", import.meta.url));
const picture = join(root, "docs/dashboard.png");
const mostBytes = 300 * 1024;

const wait = (seconds: number) => `sleep ${seconds}`;
const plan = {
  title: "Ship the billing service",
  tasks: [
    { id: "schema", title: "Write the database schema", command: wait(1.1), verify: "true", phase: "Foundation" },
    { id: "deps", title: "Install dependencies", command: wait(1.6), phase: "Foundation" },
    { id: "tax", title: "Calculate taxes", command: wait(1.4), verify: "true", dependencies: ["schema"], phase: "Build" },
    {
      id: "api",
      title: "Build the invoice API",
      command: wait(2.3),
      verify: "true",
      dependencies: ["schema", "deps"],
      phase: "Build",
    },
    { id: "portal", title: "Build the customer portal", command: wait(2), dependencies: ["deps"], phase: "Build" },
    { id: "pdf", title: "Render invoices as PDF", command: wait(1.2), verify: "true", dependencies: ["tax"], phase: "Build" },
    { id: "unit", title: "Unit tests", command: wait(60), dependencies: ["api", "tax"], phase: "Test" },
    { id: "browser", title: "Tests in a browser", command: wait(60), dependencies: ["api", "portal"], phase: "Test" },
    { id: "load", title: "Load test", command: wait(60), dependencies: ["api"], phase: "Test" },
    { id: "legal", title: "Have the terms checked", kind: "human", dependencies: ["pdf"], phase: "Release" },
    {
      id: "deploy",
      title: "Deploy to production",
      command: "true",
      dependencies: ["unit", "browser", "load", "legal"],
      phase: "Release",
    },
    { id: "announce", title: "Tell the customers", command: "true", dependencies: ["deploy"], phase: "Release" },
  ],
};

const home = mkdtempSync("/tmp/longhaul-picture-");
chmodSync(home, 0o711);
const workspace = join(home, "billing");
mkdirSync(workspace);
writeFileSync(join(workspace, "plan.json"), JSON.stringify(plan));
const env = { ...process.env, LONGHAUL_HOME: home, LONGHAUL_PORT: "0" };
const longhaul = (...args: string[]) =>
  execFileSync(process.execPath, [join(root, "bin/longhaul.mjs"), ...args, "--json"], { env, encoding: "utf8" });

const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const { executionId } = JSON.parse(longhaul("handoff", join(workspace, "plan.json"), "--workspace", workspace)) as {
    executionId: string;
  };
  const { url } = JSON.parse(longhaul("dashboard")) as { url: string };
  const page = await browser.newPage({ viewport: { width: 1360, height: 640 }, colorScheme: "dark", reducedMotion: "reduce" });
  await page.goto(url);
  await page.locator(".shell").waitFor();
  await page.goto(new URL(`/dashboard/executions/${executionId}?view=graph`, url).href);
  await page.getByRole("application").waitFor();
  await page.getByRole("region", { name: "What it waits for" }).waitFor({ timeout: 60_000 });
  await page.waitForFunction(`document.querySelectorAll(".fact dd")[1]?.textContent?.trim().startsWith("3")`);
  await page.screenshot({ path: picture });
  longhaul("cancel", executionId);
} finally {
  await browser.close();
  longhaul("down");
  rmSync(home, { recursive: true, force: true });
}
const bytes = statSync(picture).size;
if (bytes > mostBytes) throw new Error(`${picture} has ${bytes} bytes, more than ${mostBytes}.`);
console.log(`docs/dashboard.png: ${Math.round(bytes / 1024)} KB`);
