import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  accessibilityFaults,
  createDashboardTest,
  type DashboardTest,
  hasChromium,
  initRepository,
  overflowing,
} from "../support/browser.ts";
import { untilEnded } from "../support/orchestrator.ts";

let test: DashboardTest;
let workspace: string;
let rich: string;
beforeAll(async () => {
  if (!hasChromium) return;
  workspace = await mkdtemp("/tmp/longhaul-work-");
  initRepository(workspace);
  test = await createDashboardTest();
  const { client } = test.running;
  const answer = await client.handoff({
    plan: {
      title: "Ship the billing service, with a title that is long enough to need more than one line on a telephone",
      tasks: [
        { id: "schema", title: "Write the schema", command: "echo done", verify: "true", phase: "Foundation" },
        {
          id: "pdf",
          title: "Render invoices",
          command: "echo 'font not found'; exit 3",
          retry: { maxAttempts: 1 },
          phase: "Build",
        },
        { id: "legal", title: "Have the terms checked", kind: "human", dependencies: ["schema"], phase: "Release" },
        { id: "load", title: "Load test", command: "sleep 600", dependencies: ["schema"], phase: "Test" },
        { id: "deploy", title: "Deploy", command: "true", dependencies: ["legal", "load"], phase: "Release" },
      ],
    },
    options: { workspace, budget: { usd: 5 } },
  });
  rich = answer.executionId;
  for await (const event of client.stream(rich)) if (event.type === "task.awaiting_human") break;
  const approved = await client.handoff({
    plan: { title: "Wait for a decision", tasks: [{ id: "go", title: "Go ahead", command: "echo gone" }] },
    options: { workspace, approvalMode: "final" },
  });
  for await (const event of client.stream(approved.executionId)) if (event.type === "approval.requested") break;
});
afterAll(async () => {
  if (!hasChromium) return;
  await test.running.client.control(rich, { action: "cancel" });
  await untilEnded(test.running.client, rich);
  await test.remove();
  await rm(workspace, { recursive: true, force: true });
});

const views = ["tasks", "graph", "timeline", "log", "events", "checks", "cost", "checkpoints"];
const pages = () => [
  "/",
  "/inbox",
  "/new",
  "/memory?q=write+the+schema",
  "/agents",
  "/value",
  ...views.map((view) => `/executions/${rich}?view=${view}`),
  `/executions/${rich}?task=pdf`,
];

describe.skipIf(!hasChromium)("every page", () => {
  it.each([
    { look: "light", colorScheme: "light", viewport: { width: 1280, height: 860 } },
    { look: "dark", colorScheme: "dark", viewport: { width: 1280, height: 860 } },
    { look: "on a telephone", colorScheme: "light", viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
  ] as const)(
    "meets WCAG 2.2 AA, fits its window and asks for nothing that the policy forbids: $look",
    async ({ look: _look, ...options }) => {
      const page = await test.open("/", options);
      const faults: Record<string, string[]> = {};
      for (const path of pages()) {
        await page.goto(`${test.running.url}/dashboard${path}`);
        await page.locator("h1").waitFor();
        await page.locator(".loading").waitFor({ state: "detached" });
        const found = [
          ...(await accessibilityFaults(page)),
          ...(await overflowing(page)).map((element) => `too wide: ${element}`),
        ];
        if (found.length > 0) faults[path] = found;
      }
      expect(faults).toEqual({});
      expect(page.complaints).toEqual([]);
    },
    180_000,
  );

  it("is there for who is not logged in, with nothing but the way in", async () => {
    const page = await test.stranger({ colorScheme: "dark" });
    await page.goto(`${test.running.url}/dashboard/executions/${rich}`);
    await page.getByText("longhaul dashboard").waitFor();
    expect(await page.locator("body").textContent()).not.toContain("billing");
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});

describe.skipIf(!hasChromium)("the inbox", () => {
  it("takes a decision on exactly what it shows, and what a person did", async () => {
    const page = await test.open("/inbox");
    const card = page.getByRole("article", { name: /Approve/ });
    await card.getByText(/Bound to [0-9a-f]{12}/).waitFor();
    await card.getByRole("textbox").fill("looked at it");
    await card.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Approved: it goes on.").waitFor();
    await card.waitFor({ state: "detached" });
    const { approvals } = (await test.running.client.ask({ method: "GET", path: "/api/approvals" })) as { approvals: unknown[] };
    expect(approvals).toEqual([]);

    await page.getByRole("link", { name: /Inbox\s*1 waiting/ }).waitFor();
    const task = page.getByRole("article", { name: "Have the terms checked" });
    await task.getByRole("textbox").fill("signed on page 3");
    await task.getByRole("button", { name: "Done", exact: true }).click();
    await page.getByText("Nothing waits for you").waitFor();
    const { events } = await test.running.client.events(rich, { taskId: "legal" });
    expect(events.at(-1)).toMatchObject({ type: "task.completed", data: { by: "person", message: "signed on page 3" } });
    expect(page.complaints).toEqual([]);
  });
});

describe.skipIf(!hasChromium)("a new plan", () => {
  it("is read from a dropped file, shown with its graph and forecast, and handed off", async () => {
    const file = join(workspace, "plan.md");
    await writeFile(
      file,
      "# Greetings\n\n- [ ] 1. Say hello\n  - Run: `echo hello > hello.txt`\n  - Verify: `test -s hello.txt`\n- [ ] 2. Say goodbye\n  - Run: `echo bye`\n  - Depends on: 1\n",
    );
    const page = await test.open("/new");
    await page.getByLabel("Plan file").setInputFiles(file);
    await page.getByRole("application", { name: /Graph of 2 tasks/ }).waitFor();
    await page.getByRole("tab", { name: "Tasks 2" }).click();
    await page.getByText("Say goodbye").waitFor();
    await page.getByLabel("Folder the tasks run in").fill(workspace);
    await page.getByRole("button", { name: "Hand off" }).click();
    await page.waitForURL(/\/executions\//);
    await page.locator("h1 + .pill", { hasText: "completed" }).waitFor();
    expect(await page.locator("h1").textContent()).toBe("Greetings");
    expect(page.complaints).toEqual([]);
  });

  it("that cannot be run is refused with its line and what to do", async () => {
    const page = await test.open("/new");
    const plan = JSON.stringify({
      title: "Loop",
      tasks: [
        { id: "a", title: "A", command: "true", dependencies: ["b"] },
        { id: "b", title: "B", command: "true", dependencies: ["a"] },
      ],
    });
    await page.getByLabel(/pasted or dropped/).fill(plan);
    await page.getByRole("button", { name: "Preview" }).click();
    await page
      .getByRole("alert")
      .filter({ hasText: /Circular dependency: a → b → a.*line 1/s })
      .waitFor();
  });
});
