/** Params of tasks as plans write them, and who does a task. */
import { describe, expect, it } from "vitest";
import { doerOf } from "../../plan/last-click.ts";
import { Task } from "../../plan/model.ts";
import { parsePlan } from "../../plan/parse.ts";
import { checkParams, warnOfParams } from "../../plan/task-params.ts";

const parsed = (text: string, file = "plan.yaml") => parsePlan({ bytes: text, file });
const task = (fields: object) => Task.parse({ id: "a", displayId: "a", title: "Do it", ...fields });

describe("params", () => {
  it("may be numbers and truths as YAML has them", () => {
    const plan = parsed(`title: Out
tasks:
  - { id: a, title: Call, kind: http, params: { url: "https://x.example", method: post, timeoutSeconds: 5, idempotent: true, expect: { status: [200, 2xx] } } }
  - { id: b, title: Wait, kind: wait, params: { seconds: 5, backoff: 1.5 } }
  - { id: c, title: Put it there, kind: deploy, params: { host: h.example, port: 2222, folder: /srv/app, source: dist/, rollback: false, health: { command: "true", seconds: 3 } } }
  - { id: d, title: Look, kind: browser, params: { url: "https://x.example", width: 800, steps: [{ click: button }, { press: Enter }] } }
  - { id: e, title: Ask, kind: data, params: { input: { sql: { database: SHOP, query: select 1, values: [1, a], mostRows: 5 } } } }
  - { id: f, title: Text, kind: content, params: { mostTokens: 100 } }
  - { id: g, title: Save, kind: git, params: { action: push, tags: yes } }
`);
    expect(checkParams(plan).report.warnings).toEqual(plan.report.warnings);
  });

  it.each([
    ["http", { url: "https://me:secret@x.example" }, "params.url: must be an http:// or https:// address"],
    ["http", { url: "https://x.example", json: { a: 1 } }, "a GET or HEAD has no body"],
    ["http", { url: "https://x.example", headers: { "X-A": "1\r\nEvil: 2" } }, "a header has no line breaks"],
    ["wait", { url: "https://x.example", file: "x" }, "exactly one of url, file, command or seconds"],
    ["git", { action: "push", branch: "--upload-pack=touch x" }, "params.branch: is not the name"],
    ["git", { action: "force" }, "params.action"],
    ["data", { input: { file: "/etc/passwd" } }, "must be a path inside the workspace"],
    ["email", { to: "nobody", subject: "x", text: "x" }, "params.to"],
    ["email", { to: "a@example.com", subject: "x\ny", text: "x" }, "a subject is one line"],
    ["deploy", { host: "-oProxyCommand=x", folder: "/srv/x", source: "a" }, "params.host"],
    ["browser", { url: "file:///etc/passwd" }, "params.url"],
  ])("of kind %s such as %j are refused with their line", (kind, params, message) => {
    const plan = parsed(JSON.stringify({ title: "x", tasks: [{ id: "a", title: "Do it", kind, params }] }, null, 1), "plan.json");
    const error = (() => {
      try {
        checkParams(plan);
      } catch (thrown) {
        return thrown as { problems: { message: string; line?: number }[] };
      }
      return undefined;
    })();
    expect(error?.problems).toMatchObject([{ code: "bad-params", line: 5, message: expect.stringContaining(message) }]);
    expect(
      warnOfParams(plan)
        .report.warnings.map(({ text }) => text)
        .join(),
    ).toContain(message);
  });
});

describe("who does a task", () => {
  const url = "https://x.example";
  const mail = { to: "a@example.com", subject: "x", text: "x" };
  it.each([
    [{ kind: "shell" }, "runs"],
    [{ kind: "human" }, "person"],
    [{ kind: "http", params: { url } }, "runs"],
    [{ kind: "http" }, "person"],
    [{ kind: "http", params: { url }, automation: "SEMI_AUTO" }, "prepares"],
    [{ kind: "http", params: { url }, title: "Post the launch on Reddit" }, "person"],
    [{ kind: "http", params: { url }, title: "Post the launch on Reddit", automation: "SEMI_AUTO" }, "person"],
    [{ kind: "shell", title: "Approve the payment of the invoice" }, "person"],
    [{ kind: "browser", params: { url }, title: "Decide the pricing strategy" }, "person"],
    [{ kind: "email", params: mail, title: "Send an e-mail to our customers" }, "prepares"],
    [{ kind: "email", params: mail, title: "Mass e-mail everybody" }, "person"],
    [{ kind: "content", title: "Post the launch on Reddit", automation: "SEMI_AUTO" }, "prepares"],
    [{ kind: "content", title: "Write fake reviews" }, "person"],
    [{ kind: "content" }, "runs"],
    [{ kind: "shell", automation: "SEMI_AUTO" }, "person"],
  ])("%j: %s", (fields, doer) => {
    expect(doerOf(task(fields))).toBe(doer);
  });
});
