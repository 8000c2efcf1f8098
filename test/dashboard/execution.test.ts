import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDashboardTest, type DashboardTest, hasChromium, initRepository, type OpenPage } from "../support/browser.ts";

let test: DashboardTest;
let workspace: string;
beforeAll(async () => {
  if (!hasChromium) return;
  workspace = await mkdtemp("/tmp/longhaul-work-");
  initRepository(workspace);
  test = await createDashboardTest();
});
afterAll(async () => {
  if (!hasChromium) return;
  await test.remove();
  await rm(workspace, { recursive: true, force: true });
});

const handOff = async (title: string, tasks: object[], options: object = {}) =>
  (await test.running.client.handoff({ plan: { title, tasks }, options: { workspace, ...options } })).executionId;
const row = (page: OpenPage, name: string | RegExp) => page.getByRole("treeitem").filter({ hasText: name });
/** A command that ends when the file is there. */
const until = (file: string) => `until [ -e ${file} ]; do sleep 0.05; done`;
const release = (file: string) => writeFile(join(workspace, file), "");

describe.skipIf(!hasChromium)("logging in", () => {
  it("leaves no code in the address or the history, works once, and ends with the log-out", async () => {
    const page = await test.open();
    expect(page.url()).toBe(`${test.running.url}/dashboard/`);
    await page.goBack();
    expect(page.url()).toBe("about:blank");
    await page.goForward();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("longhaul dashboard").waitFor();
    await page.reload();
    await page.getByText("longhaul dashboard").waitFor();
    expect(page.complaints).toEqual([]);
  });

  it("says what to do when the link was used before", async () => {
    const page = await test.stranger();
    await page.goto(`${test.running.url}/dashboard/login#used`);
    await page.getByRole("alert").filter({ hasText: "used before, or is older than a minute" }).waitFor();
    expect(page.url()).toBe(`${test.running.url}/dashboard/`);
  });
});

describe.skipIf(!hasChromium)("an execution", () => {
  it("is seen from the list on, live, to its end", async () => {
    const id = await handOff("Live", [
      { id: "one", title: "First", command: until("go-1") },
      { id: "two", title: "Second", command: "echo a line of output", verify: "true", dependencies: ["one"] },
    ]);
    const page = await test.open();
    await page.getByRole("link", { name: /Live/ }).click();
    await page.getByText("live", { exact: true }).waitFor();
    expect(page.url()).toContain(id);
    await row(page, "First").filter({ hasText: "running" }).waitFor();
    await release("go-1");
    await row(page, "Second").filter({ hasText: "completed" }).waitFor();
    await page.locator("h1 + .pill", { hasText: "completed" }).waitFor();
    expect(await page.getByRole("progressbar", { name: "Progress", exact: true }).getAttribute("aria-valuenow")).toBe("100");
    await page.getByRole("tab", { name: "Log" }).click();
    await page.getByText("a line of output").waitFor();
    await page.getByRole("tab", { name: "Events" }).click();
    await page.getByText("execution.completed").waitFor();
    await page.getByRole("tab", { name: "Checks" }).click();
    await page.getByText("1 of 1 passed").waitFor();
    expect(page.complaints).toEqual([]);
  });

  it("goes on where it was after the orchestrator was killed", async () => {
    await handOff("Killed", [
      { id: "a", title: "Before", command: until("go-2") },
      { id: "b", title: "After", command: "echo after", dependencies: ["a"] },
    ]);
    const page = await test.open();
    await page.getByRole("link", { name: /Killed/ }).click();
    await row(page, "Before").filter({ hasText: "running" }).waitFor();
    const { port } = new URL(test.running.url);
    await test.orchestrator.kill();
    await page.getByText("connection lost, resuming").waitFor();
    test.running = await test.orchestrator.start({ LONGHAUL_PORT: port });
    await release("go-2");
    await row(page, "After").filter({ hasText: "completed" }).waitFor({ timeout: 30_000 });
    await page.getByRole("tab", { name: "Events" }).click();
    await page.getByText("execution.completed").waitFor();
    const seen = await page.locator(".event-seq").allTextContents();
    expect(seen.map(Number)).toEqual(seen.map((_, index) => Number(seen[0]) + index));
  });

  it("is paused, resumed, cancelled and run again by a person", async () => {
    await handOff("Steered", [
      { id: "a", title: "Long", command: until("go-3") },
      { id: "b", title: "Next", command: "true", dependencies: ["a"] },
    ]);
    const page = await test.open();
    await page.getByRole("link", { name: /Steered/ }).click();
    const state = (text: string) => page.locator("h1 + .pill", { hasText: text }).waitFor();
    await row(page, "Long").filter({ hasText: "running" }).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await state("paused");
    await page.getByRole("region", { name: "What it waits for" }).waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await state("running");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Leave it running" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Cancel it" }).click();
    await state("cancelled");
    await release("go-3");
    await page.getByRole("button", { name: "Retry failed" }).click();
    await state("completed");
    expect(page.complaints).toEqual([]);
  });

  it("is walked and steered with the keyboard alone", async () => {
    await handOff("Keys", [
      { id: "bad", title: "Fails", command: "exit 3", retry: { maxAttempts: 1 } },
      { id: "hangs", title: "Hangs on it", command: "true", dependencies: ["bad"] },
      { id: "slow", title: "Keeps it alive", command: until("go-4") },
    ]);
    const page = await test.open();
    await page.getByRole("link", { name: /Keys/ }).focus();
    await page.keyboard.press("Enter");
    await row(page, "Fails").filter({ hasText: "failed" }).waitFor();
    await page.getByRole("tree").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    const panel = page.getByRole("complementary", { name: "Task bad" });
    await panel.getByText("exited with code 3").first().waitFor();
    await panel.getByRole("button", { name: "Skip" }).focus();
    await page.keyboard.press("Enter");
    await row(page, "Hangs on it").filter({ hasText: "completed" }).waitFor();
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "hidden" });
    await page.getByRole("tab", { name: "Tasks" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("application").waitFor();
    await page.getByRole("application").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.getByRole("complementary", { name: "Task hangs" }).waitFor();
    await release("go-4");
  });

  it("goes back to a checkpoint after showing what would change", async () => {
    const file = join(workspace, "kept.txt");
    await handOff("Undone", [
      { id: "first", title: "Writes one", command: "echo 1 > kept.txt" },
      { id: "second", title: "Writes two", command: "echo 2 > kept.txt", dependencies: ["first"] },
      { id: "third", title: "Takes a while", command: until("go-5"), dependencies: ["second"] },
      { id: "fourth", title: "Waits", kind: "human", dependencies: ["third"] },
    ]);
    const page = await test.open();
    await page.getByRole("link", { name: /Undone/ }).click();
    await row(page, "Takes a while").filter({ hasText: "running" }).waitFor();
    await page.getByRole("tab", { name: "Checkpoints" }).click();
    await page.getByRole("button", { name: "Go back to after first" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("kept.txt").waitFor();
    await dialog.getByText("Writes two: completed → pending").waitFor();
    expect(await readFile(file, "utf8")).toBe("2\n");
    const goBack = dialog.getByRole("button", { name: "Roll back" });
    await dialog.getByText("A task is running").waitFor();
    expect(await goBack.isDisabled()).toBe(true);
    await release("go-5");
    await dialog.getByText("A task is running").waitFor({ state: "hidden" });
    await goBack.click();
    await page.getByText(/Rolled back: \d+ files/).waitFor();
    expect(await readFile(file, "utf8")).toBe("1\n");
    await page.locator("h1 + .pill", { hasText: "paused" }).waitFor();
    await page.getByRole("button", { name: "Take it back…" }).click();
    await dialog.getByRole("button", { name: "Take it back" }).click();
    await page.getByText(/Taken back/).waitFor();
    expect(await readFile(file, "utf8")).toBe("2\n");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Cancel it" }).click();
  });

  it("shows what tasks are called and print as text, whatever it is", async () => {
    const nasty = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
    await handOff("Nasty", [{ id: "x", title: nasty, command: `printf '%s\\033[31mred\\n' ${JSON.stringify(nasty)}` }]);
    const page = await test.open();
    await page.getByRole("link", { name: /Nasty/ }).click();
    await row(page, nasty).filter({ hasText: "completed" }).waitFor();
    await page.getByRole("tab", { name: "Log" }).click();
    await page.locator(".log-text", { hasText: "red" }).waitFor();
    expect(await page.locator(".log-text", { hasText: "red" }).textContent()).toContain("<img src=x onerror=");
    expect(await page.title()).not.toContain("owned");
    expect(page.complaints).toEqual([]);
  });
});

describe.skipIf(!hasChromium)("the list", () => {
  it("shows what is handed off elsewhere, and how it goes, without being asked", async () => {
    const page = await test.open();
    await page.locator("h1").waitFor();
    await handOff("Elsewhere", [{ id: "a", title: "Waits", command: until("go-6") }]);
    const card = page.getByRole("link", { name: /Elsewhere/ });
    await card.filter({ hasText: "running" }).waitFor({ timeout: 9000 }); // the next poll is later
    await release("go-6");
    await card.filter({ hasText: "completed" }).waitFor({ timeout: 9000 });
    await page.getByRole("button", { name: /Active/ }).click();
    await card.waitFor({ state: "detached" });
    expect(page.complaints).toEqual([]);
  });
});
