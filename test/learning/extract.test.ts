import { describe, expect, it } from "vitest";
import { extract, type LogEntry } from "../../learning/extract.ts";
import { normaliseMessage } from "../../learning/normalise.ts";
import { Task } from "../../plan/model.ts";

const task = (fields: object) => Task.parse({ id: "a", displayId: "a", title: "A", ...fields });
const event = (type: string, data: Record<string, unknown> = {}, attempt = 1): LogEntry => ({ type, attempt, data });
const tool = (id: string, name: string, input: object) => event("agent.tool", { id, name, input: JSON.stringify(input) });
const result = (id: string, text: string, isError = false) => event("agent.tool_result", { id, isError, text });
const same = (text: string) => text;

describe("messages of two runs of the same mistake", () => {
  it.each([
    ["Error: connect ECONNREFUSED 10.0.0.7:5432", "Error: connect ECONNREFUSED 127.0.0.1:6000"],
    ["/home/ann/app/src/a.ts:12:5 - error TS2345", "/srv/build/src/b.ts:400:11 - error TS2345"],
    ["2026-01-02T03:04:05Z job 4711 failed", "2025-12-31T23:59:59.120Z job 9 failed"],
    ["cannot pull image sha256:9f86d081884c7d65", "cannot pull image sha256:0a1b2c3d4e5f6071"],
    ["user 0197f3c2-5f0e-7c1a-9d52-1c1b7a3e9f10 not found", "user 1197f3c2-5f0e-7c1a-9d52-1c1b7a3e9f11 not found"],
    ["\u001b[31mFAIL\u001b[0m in 1.32 s", "FAIL in 20 s"],
  ])("look the same: %s", (first, second) => {
    expect(normaliseMessage(first)).toBe(normaliseMessage(second));
    expect(normaliseMessage(first)).not.toMatch(/\d{2,}/);
  });

  it("keep what tells mistakes apart", () => {
    expect(normaliseMessage("TS2345: wrong type")).not.toBe(normaliseMessage("TS2304: unknown name"));
  });
});

describe("the log of a shell task", () => {
  it("gives its command, errors, warnings and calls, each once", () => {
    const shell = task({ kind: "shell", params: { command: "cd /w && curl -X PUT https://api.example.com/v1/users/42?x=1" } });
    const observed = extract(
      shell,
      [
        event("task.started"),
        event("task.output", { text: "ok\nWARN deprecated option --foo\nError: no space left on device\n0 errors\n" }),
        event("task.output", { text: "Error: no space left on device\n" }),
        event("task.retrying", { message: "exit 28" }),
        event("task.started", {}, 2),
      ],
      "/w",
      same,
    );
    expect(observed).toMatchObject({
      commands: ["curl -X PUT https://api.example.com/v1/users/42?x=1"],
      errors: ["Error: no space left on device", "exit <n>"],
      warnings: ["WARN deprecated option --foo"],
      apiCalls: ["PUT api.example.com/v1/users/<id>"],
    });
  });
});

describe("the transcript of an agent", () => {
  const transcript = [
    tool("1", "Bash", { command: "npm test" }),
    result("1", "Error: Cannot find module 'zod'", true),
    tool("2", "Bash", { command: "npm install zod" }),
    result("2", "added 1 package"),
    tool("3", "Edit", { file_path: "/w/src/a.ts", old_string: "x", new_string: "y" }),
    result("3", "done"),
    tool("4", "Bash", { command: "npm test" }),
    result("4", "12 passed"),
    tool("5", "Read", { file_path: "/w/src/b.ts" }),
  ];

  it("says what helped after a failure", () => {
    const observed = extract(task({ kind: "claude" }), transcript, "/w", same);
    expect(observed.commands).toEqual(["npm test", "npm install zod"]);
    expect(observed.fileOperations).toEqual(["edit src/a.ts"]);
    expect(observed.fixes).toEqual([{ error: "Error: Cannot find module 'zod'", steps: ["npm install zod", "edit src/a.ts"] }]);
  });

  it("claims no fix when the same command fails again", () => {
    const again = [...transcript.slice(0, 7), result("4", "Error: Cannot find module 'zod'", true)];
    expect(extract(task({ kind: "claude" }), again, "/w", same).fixes).toEqual([]);
  });

  it("reads inputs that were cut in the log", () => {
    const cut = event("agent.tool", { id: "9", name: "Write", input: '{"file_path":"/w/docs/new.md","content":"very lo…' });
    expect(extract(task({ kind: "claude" }), [cut], "/w", same).fileOperations).toEqual(["write docs/new.md"]);
  });

  it("passes everything through the redactor", () => {
    const observed = extract(task({ kind: "claude" }), transcript, "/w", (text) => text.replaceAll("zod", "[redacted]"));
    expect(JSON.stringify(observed)).not.toContain("zod");
  });
});
