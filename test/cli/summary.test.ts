import { describe, expect, it } from "vitest";
import { summaryOf } from "../../cli/summary.ts";
import type { Evidence } from "../../orchestrator/api/contract.ts";
import { executionOf, taskOf } from "./snapshot.ts";

const evidence = (more: Partial<Evidence> = {}): Evidence => ({
  criterion: "c",
  argv: ["sh", "-c", "npm test"],
  cwd: "/work",
  exitCode: 0,
  durationMs: 1500,
  commit: null,
  tree: null,
  result: "",
  anti: false,
  logDigest: "",
  logFile: "",
  passed: true,
  ...more,
});

describe("the summary", () => {
  it("says how much of the plan ran, how long it took and what it cost", () => {
    const tasks = ["a", "b"].map((id) => taskOf(id, { status: "completed", attempt: 1, durationSeconds: 60 }));
    const text = summaryOf(
      executionOf(tasks, { status: "completed", finishedAt: "2026-01-01T00:01:15.000Z", costUsd: 1.234, tokens: 5000 }),
    ).join("\n");
    expect(text).toContain("2 of 2 tasks in 1m 15s, 2m 0s of work, $1.23, 5000 tokens");
    expect(text).toContain("Verified: nothing");
    expect(text).not.toContain("Stop");
  });

  it("puts failed checks first and explains failures with the end of the output and the log", () => {
    const tasks = [
      taskOf("a", { status: "completed", evidence: [evidence()] }),
      taskOf("b", {
        status: "failed",
        message: "the check failed",
        summary: "one\ntwo",
        logFile: "/home/x/task-1/attempt-1/output.log",
        evidence: [evidence({ passed: false, exitCode: 3 })],
      }),
    ];
    const lines = summaryOf(executionOf(tasks, { status: "failed", finishedAt: "2026-01-01T00:01:15.000Z" }));
    const heading = lines.indexOf("Verified by the orchestrator's own runs (1 of 2 passed):");
    expect(lines[heading + 1]).toMatch(/✘ b {2}exit 3 {2}1\.5s {2}npm test/);
    expect(lines.join("\n")).toMatch(/✘ b: the check failed\n {6}one\n {6}two\n {6}\/home\/x\/task-1\/attempt-1\/output\.log/);
    expect(lines.join("\n")).toMatch(/Logs +\/home\/x\n/);
  });

  it("of a plan that runs says how to follow and how to stop it", () => {
    const text = summaryOf(executionOf([taskOf("a", { status: "in_progress" })])).join("\n");
    expect(text).toMatch(/Follow +.* status e31e31f6 --watch\nStop +.* cancel e31e31f6/);
  });

  it("sums long plans up by phase", () => {
    const tasks = Array.from({ length: 1000 }, (_, index) =>
      taskOf(`t${index}`, { status: "completed", evidence: [evidence()] }),
    );
    const lines = summaryOf(executionOf(tasks, { phases: [{ id: "1", title: "All of it", total: 1000, done: 1000 }] }));
    expect(lines.length).toBeLessThan(60);
    expect(lines.join("\n")).toContain("✔ All of it  1000/1000");
    expect(lines).toContain("    … and 960 more");
  });
});
