/** Approvals on a real orchestrator: bound to what they are about, decided once, whichever way and however often they come. */
import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { approvals, decide } from "../../client/approvals.ts";
import type { Approval } from "../../orchestrator/api/approval-contract.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";

const program = fileURLToPath(new URL("../../bin/longhaul.mjs", import.meta.url));
let drop: () => Promise<void>;
let orchestrator: TestOrchestrator;
let running: Awaited<ReturnType<TestOrchestrator["start"]>>;
let folder: string;

beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
  running = await orchestrator.start();
});
afterAll(async () => {
  await orchestrator.remove();
  await drop();
});
beforeEach(async () => {
  folder = await mkdtemp("/tmp/longhaul-approval-");
  execFileSync("git", ["init", "-q"], { cwd: folder });
  return () => rm(folder, { recursive: true, force: true });
});

const roadmap =
  "# Plan\n\n## Phase 1: Build\n\n- [ ] Make\n  Run: `echo made >made.txt`\n\n## Phase 2: Ship\n\n- [ ] Ship\n  Run: `cat made.txt >>shipped.txt`\n";

async function waiting(options: object = {}): Promise<{ executionId: string; approval: Approval }> {
  const plan = {
    title: "Approved",
    tasks: [
      { id: "make", title: "Make", command: "echo made >made.txt" },
      { id: "check", title: "Check", command: "test -s made.txt", dependencies: ["make"] },
    ],
  };
  const { executionId } = await running.client.handoff({
    plan,
    options: { workspace: folder, approvalMode: "final", ...options },
  });
  return { executionId, approval: await pendingOf(executionId) };
}
async function pendingOf(executionId: string): Promise<Approval> {
  let found: Approval | undefined;
  await expect
    .poll(
      async () => (found = (await approvals(running.client, executionId)).approvals.find(({ status }) => status === "pending")),
      {
        timeout: 10_000,
      },
    )
    .toBeDefined();
  return found as unknown as Approval;
}
const approve = ({ id, digest }: Approval) => decide(running.client, id, { decision: "approve", digest, channel: "cli" });
const log = async (executionId: string) =>
  (await running.client.events(executionId, { limit: 500 })).events
    .map(({ type }) => type)
    .filter((type) => type.startsWith("approval."));

describe("an approval", () => {
  it("holds the end of the plan, says what was done, and is decided once", async () => {
    const { executionId, approval } = await waiting();
    expect(approval).toMatchObject({
      taskId: "approve-result",
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      status: "pending",
    });
    expect(approval.subject).toMatchObject({
      workspace: folder,
      tree: expect.stringMatching(/^[0-9a-f]{40}$/),
      results: [{ id: "check" }],
    });
    const answers = await Promise.all([approve(approval), approve(approval), approve(approval)]);
    expect(answers.filter(({ changed }) => changed)).toHaveLength(1);
    expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed" });
    expect(await approve(approval)).toMatchObject({ changed: false, status: "approved" });
    await expect(decide(running.client, approval.id, { decision: "reject", digest: approval.digest })).rejects.toThrow(
      "is approved",
    );
    expect(await log(executionId)).toEqual(["approval.requested", "approval.approved"]);
    const [record] = (await approvals(running.client, executionId)).approvals;
    expect(record).toMatchObject({ status: "approved", decidedBy: "owner", channel: "cli", decidedAt: expect.any(String) });
  });

  it("is void when one byte in the workspace changes, and is asked for anew", async () => {
    const { executionId, approval } = await waiting();
    await writeFile(join(folder, "made.txt"), "mode\n");
    await expect(approve(approval)).rejects.toThrow("has changed since it was shown");
    const again = await pendingOf(executionId);
    expect(again.id).not.toBe(approval.id);
    expect(again.digest).not.toBe(approval.digest);
    await expect(decide(running.client, again.id, { decision: "approve", digest: approval.digest })).rejects.toThrow(
      "something else",
    );
    expect((await running.client.status(executionId)).status).toBe("blocked");
    await approve(again);
    expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed" });
    expect(await log(executionId)).toEqual(["approval.requested", "approval.expired", "approval.requested", "approval.approved"]);
  });

  it("is not got around: not by skipping it, and not by answering the queue after a change", async () => {
    const { executionId, approval } = await waiting();
    const skip = running.client.control(executionId, { action: "skip", taskId: "approve-result" });
    await expect(skip).rejects.toThrow("approved or rejected, not skipped");
    const [action] = (await running.client.pendingActions()).filter((one) => one.executionId === executionId);
    const answer = (outcome: "done" | "skipped") => running.client.completeAction(action?.id ?? "", { outcome });
    await expect(answer("skipped")).rejects.toThrow("approved or rejected, not skipped");
    await writeFile(join(folder, "made.txt"), "mode\n");
    await expect(answer("done")).rejects.toThrow("has changed since it was shown");
    expect((await running.client.status(executionId)).status).toBe("blocked");
    expect((await pendingOf(executionId)).id).not.toBe(approval.id);
    await answer("done");
    expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed" });
  });

  it("is bound to the files of a folder without git as well", async () => {
    await rm(join(folder, ".git"), { recursive: true });
    const { executionId, approval } = await waiting();
    expect(approval.subject).toMatchObject({ commit: null, tree: expect.stringMatching(/^[0-9a-f]{40}$/) });
    await writeFile(join(folder, "made.txt"), "mode\n");
    await expect(approve(approval)).rejects.toThrow("has changed since it was shown");
    await approve(await pendingOf(executionId));
    expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed" });
  });

  it("does not let anything start that changed after the decision", async () => {
    const { executionId } = await running.client.handoff({
      text: roadmap,
      options: { workspace: folder, approvalMode: "checkpoints" },
    });
    const approval = await pendingOf(executionId);
    await running.client.control(executionId, { action: "pause" });
    await approve(approval);
    await writeFile(join(folder, "made.txt"), "mode\n");
    await running.client.control(executionId, { action: "resume" });
    const again = await pendingOf(executionId);
    expect(again).toMatchObject({
      title: "Ship",
      subject: { detail: { detail: { approved: { tree: approval.subject.tree } } } },
    });
    expect(await readFile(join(folder, "shipped.txt"), "utf8").catch(() => "not shipped")).toBe("not shipped");
    await approve(again);
    expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed" });
    expect(await readFile(join(folder, "shipped.txt"), "utf8")).toBe("mode\n");
  });

  it("is said not to be kept from a task that can read the token", async () => {
    const plan = { title: "Open", tasks: [{ id: "see", title: "See", command: "true", isolation: { level: "process" } }] };
    const { executionId, warnings } = await running.client.handoff({
      plan,
      options: { workspace: folder, approvalMode: "final" },
    });
    expect(warnings).toContainEqual(expect.stringContaining("'see' read the orchestrator's token"));
    await running.client.control(executionId, { action: "cancel" });
  });

  it("ends what it was about when it is rejected", async () => {
    const { executionId, approval } = await waiting();
    await decide(running.client, approval.id, { decision: "reject", digest: approval.digest, note: "not yet" });
    expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "failed" });
    expect((await running.client.execution(executionId)).tasks.find(({ id }) => id === "approve-result")).toMatchObject({
      status: "failed",
      message: "not yet",
    });
  });

  it.each([0, 3, 12])("survives a kill %i ms after taps on the button, each of which counts once", async (afterMs) => {
    const { executionId, approval } = await waiting();
    const taps = [1, 2, 3].map(() => approve(approval).catch(() => undefined));
    await delay(afterMs);
    await orchestrator.kill();
    const before = await Promise.all(taps);
    running = await orchestrator.start();
    const after = await approve(approval);
    // An answer that was given holds: whoever was told "changed" before the kill was the only one.
    const changes = [...before, after].filter((answer) => answer?.changed === true);
    expect(changes.length).toBeLessThanOrEqual(1);
    expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed" });
    expect((await log(executionId)).filter((type) => type === "approval.approved")).toHaveLength(1);
  });

  it("stands before the second phase of a plan, and is given on the command line", async () => {
    const { executionId } = await running.client.handoff({
      text: roadmap,
      options: { workspace: folder, approvalMode: "checkpoints" },
    });
    const approval = await pendingOf(executionId);
    expect(approval.subject).toMatchObject({ unlocks: [{ title: "Ship", does: "shell: cat made.txt >>shipped.txt" }] });
    const longhaul = async (...words: string[]) =>
      (
        await promisify(execFile)(process.execPath, [program, ...words], {
          env: { ...process.env, LONGHAUL_HOME: orchestrator.home },
        })
      ).stdout;
    expect(await longhaul("approvals")).toContain("then     Ship: shell: cat made.txt >>shipped.txt");
    expect(await longhaul("approve", executionId.slice(-8), "--note", "fine")).toMatch(/approved: Approve phase/);
    expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed" });
    expect(await longhaul("approvals", executionId)).toMatch(/approved .* by owner \(cli\)\. fine/);
  });
});

describe("the page behind the link", () => {
  const follow = (link: string, init: RequestInit = {}) => fetch(link, { redirect: "manual", ...init });
  /** A click in a mail or chat: `fetch` here would say of itself that it is no navigation. */
  async function followAsBrowser(link: string) {
    const asked = request(link, { headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" } }).end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    let text = "";
    for await (const chunk of response) text += String(chunk);
    return { headers: response.headers, text };
  }
  const send = (link: string, decision: string, headers: Record<string, string> = {}) =>
    follow(link, { method: "POST", body: new URLSearchParams({ decision }), headers });

  it("shows without a token and decides only when a button is pressed", async () => {
    const { executionId, approval } = await waiting();
    const link = approval.link as string;
    for (const method of ["GET", "HEAD", "GET"]) expect((await follow(link, { method })).status).toBe(200);
    const page = await followAsBrowser(link);
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(page.text).toContain("<h1>Approve the result</h1>");
    expect((await approvals(running.client, executionId)).approvals[0]?.status).toBe("pending");
    expect((await send(link, "approve", { origin: "https://evil.example" })).status).toBe(403);
    expect((await send(link, "maybe")).status).toBe(400);
    const pressed = await send(link, "approve");
    expect([pressed.status, await pressed.text()]).toEqual([200, expect.stringContaining("<h1>Approved</h1>")]);
    expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed" });
    expect((await approvals(running.client, executionId)).approvals[0]).toMatchObject({ channel: "link" });
    expect((await send(link, "reject")).status).toBe(410);
    expect(await orchestrator.log()).not.toContain(link.split("/approve/")[1]);
  });

  it("does not take a link of which one character was changed", async () => {
    const { executionId, approval } = await waiting();
    const link = approval.link as string;
    for (const at of [link.indexOf("/approve/") + 12, link.length - 1, link.length - 20]) {
      const other = link[at] === "A" ? "B" : "A";
      const changed = `${link.slice(0, at)}${other}${link.slice(at + 1)}`;
      expect((await send(changed, "approve")).status).toBe(403);
    }
    expect((await approvals(running.client, executionId)).approvals[0]?.status).toBe("pending");
    await running.client.control(executionId, { action: "cancel" });
  });
});

describe("an approval that nobody decides", () => {
  it("warns, runs out, and is asked for anew; nothing goes ahead", async () => {
    await orchestrator.terminate();
    running = await orchestrator.start({ LONGHAUL_APPROVAL_HOURS: String(4 / 3600) });
    const { executionId, approval } = await waiting();
    await expect
      .poll(() => log(executionId), { timeout: 40_000 })
      .toEqual(expect.arrayContaining(["approval.requested", "approval.unanswered", "approval.expiring", "approval.expired"]));
    await expect(approve(approval)).rejects.toThrow("is expired");
    expect((await running.client.status(executionId)).status).toBe("blocked");
  });
});
