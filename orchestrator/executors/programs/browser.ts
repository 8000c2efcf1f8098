/**
 * Tasks of kind `browser`: the machine's Chromium, driven by steps that the plan writes down; no script of the plan runs here. The browser is
 * headless, starts empty, keeps nothing, and reaches only the hosts that the owner named.
 */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { type BrowserParams, type BrowserStep, isActing } from "../../../plan/params/browser.ts";
import { type NamedHostsProxy, refusalHeader, startNamedHostsProxy } from "./named-hosts-proxy.ts";
import type { Around, ArtifactFile, Perform, Result } from "./program.ts";
import { saveInWorkspace } from "./workspace-file.ts";

type Kept = { artifacts: ArtifactFile[]; extracted: Record<string, string[]> };

/** A page that is not as the plan expects: looking again shows the same. */
class NotAsExpected extends Error {}

const lastPicture = "last";

export const performBrowser: Perform<BrowserParams> = async (params, around) => {
  const proxy = await startNamedHostsProxy(around.settings["ownHosts"] as string[]);
  const browser = await launch(around, proxy);
  const kept: Kept = { artifacts: [], extracted: {} };
  try {
    const context = await browser.newContext({
      viewport: { width: params.width, height: params.height },
      serviceWorkers: "block",
      acceptDownloads: false,
      proxy: { server: proxy.url, bypass: "<-loopback>" },
    });
    const asked = new Set<string>(); // by pages; the browser itself asks for things that are nobody's concern
    context.on("request", (request) => asked.add(new URL(request.url()).host));
    const page = await context.newPage();
    page.setDefaultTimeout(params.timeoutSeconds * 1000);
    const result = await follow(page, params, around, kept);
    await picture(page, lastPicture, undefined, around, kept).catch(() => undefined); // also of what went wrong
    const refused = [...proxy.refused].filter((host) => asked.has(host));
    if (refused.length > 0) around.say(`not loaded, because LONGHAUL_TASK_HOSTS does not name it: ${refused.join(", ")}`);
    const text = JSON.stringify(kept.extracted, null, 2);
    if (Object.keys(kept.extracted).length > 0) {
      await writeFile(join(around.artifacts, "extracted.json"), text, { mode: 0o600 });
      kept.artifacts.push({ name: "extracted.json", mediaType: "application/json" });
      if (params.saveAs !== undefined && result.status === "succeeded")
        await saveInWorkspace(around.workspace, params.saveAs, `${text}\n`);
    }
    return { ...result, artifacts: kept.artifacts, ...(result.status === "succeeded" ? { summary: text } : {}) };
  } finally {
    await browser.close();
    proxy.close();
  }
};

async function launch(around: Around, proxy: NamedHostsProxy): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  const executablePath = String(around.settings["chromium"]);
  const args = [
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", // names are the proxy's to look up
    "--disable-dev-shm-usage",
  ];
  const how = { executablePath, args, headless: true, proxy: { server: proxy.url, bypass: "<-loopback>" } };
  if (process.getuid?.() === 0) return chromium.launch({ ...how, chromiumSandbox: false }); // it refuses its sandbox to root
  return chromium.launch({ ...how, chromiumSandbox: true }).catch(() => {
    around.say("Chromium cannot build its own sandbox here and runs without");
    return chromium.launch({ ...how, chromiumSandbox: false });
  });
}

async function follow(page: Page, params: BrowserParams, around: Around, kept: Kept): Promise<Result> {
  const steps: BrowserStep[] = [{ goto: params.url }, ...params.steps];
  let acted = false;
  for (const [index, step] of steps.entries()) {
    const shown = Object.hasOwn(step, "value") ? `step ${index}` : `step ${index}: ${JSON.stringify(step).slice(0, 200)}`; // a value may be a password
    if (isActing(step) && !params.idempotent) {
      around.acting();
      acted = true;
    }
    try {
      await perform(page, step, around, kept);
      around.say(`${shown} done`);
    } catch (error) {
      const why = (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
      const again = acted ? "; not tried again, because something was clicked already" : "";
      const permanent = acted || error instanceof NotAsExpected || /ERR_TUNNEL_CONNECTION_FAILED/.test(why);
      return { status: "failed", failureClass: permanent ? "permanent" : "transient", message: `${shown}: ${why}${again}` };
    }
  }
  return { status: "succeeded", message: `${steps.length} steps on ${new URL(page.url()).host}` };
}

async function perform(page: Page, step: BrowserStep, around: Around, kept: Kept): Promise<void> {
  if ("goto" in step) {
    const response = await page.goto(step.goto, { waitUntil: "load" });
    if (response?.headers()[refusalHeader] !== undefined)
      throw new NotAsExpected(`${page.url()} is on a host that was not named`);
    if (response !== null && response.status() >= 400) throw new Error(`${step.goto} answered ${response.status()}`);
  } else if ("click" in step) await page.locator(step.click).first().click();
  else if ("fill" in step) await page.locator(step.fill).first().fill(step.value);
  else if ("select" in step) await page.locator(step.select).first().selectOption(step.value);
  else if ("press" in step)
    await (step.on === undefined ? page.keyboard.press(step.press) : page.locator(step.on).first().press(step.press));
  else if ("waitFor" in step) await page.locator(step.waitFor).first().waitFor();
  else if ("screenshot" in step) await picture(page, step.screenshot, step.of, around, kept);
  else if ("extract" in step) {
    const found = await page.locator(step.from).all();
    const { attribute } = step;
    const values = await Promise.all(
      found.map((one) => (attribute === undefined ? one.innerText() : one.getAttribute(attribute))),
    );
    kept.extracted[step.extract] = values.map((value) => value ?? "");
  } else if ("expectText" in step) {
    const place = page
      .locator(step.in ?? "body")
      .filter({ hasText: step.expectText })
      .first();
    await place.waitFor().catch(() => {
      throw new NotAsExpected(`${JSON.stringify(step.expectText)} is not to be seen in ${step.in ?? "the page"}`);
    });
  } else if (!page.url().includes(step.expectAddress)) throw new NotAsExpected(`the address is ${page.url()}`);
}

async function picture(page: Page, name: string, of: string | undefined, { artifacts }: Around, kept: Kept): Promise<void> {
  const path = join(artifacts, `${name}.png`);
  await (of === undefined ? page.screenshot({ path, fullPage: true }) : page.locator(of).first().screenshot({ path }));
  await chmod(path, 0o600);
  if (!kept.artifacts.some((file) => file.name === `${name}.png`))
    kept.artifacts.push({ name: `${name}.png`, mediaType: "image/png" });
}
