/** Tasks of kind email against a real SMTP server. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { emailSettings } from "../../../orchestrator/executors/program-settings.ts";
import { startMailServer } from "../../support/mail-server.ts";
import { createAttempt } from "./support/attempt.ts";
import { programWith } from "./support/programs.ts";

async function mailing(params: Record<string, unknown>, refuse?: (address: string) => number | undefined) {
  const server = await startMailServer(refuse);
  onTestFinished(server.close);
  const smtp = { url: server.url, from: "me@example.com", mostRecipients: 3 };
  const email = programWith({ kind: "email", settings: emailSettings(smtp) });
  const run = async (files: Record<string, string>, approved: string[] = []) => {
    const attempt = await createAttempt({ kind: "email", params });
    for (const [name, text] of Object.entries(files)) await writeFile(join(attempt.workspace, name), text);
    const released = approved.map((name) => ({ name, note: null, at: "" }));
    const outcome = await attempt.run({
      kind: "email",
      run: (assignment, context) => email.run({ ...assignment, executionId: "e", released }, context),
    });
    return { outcome, attempt };
  };
  return { server, run };
}

const message = { to: "you@example.com", cc: ["her@example.com"], subject: "Hello", textFile: "text.md", attachments: ["a.csv"] };

describe("an e-mail task", () => {
  it("sends nothing before exactly this message was approved, and then once", async () => {
    const { server, run } = await mailing(message);
    const files = { "text.md": "Dear you\n", "a.csv": "a,b\n1,2\n" };
    const first = await run(files);
    expect(first.outcome).toMatchObject({
      status: "held",
      hold: {
        waitFor: "approval",
        onDone: "continue",
        detail: {
          to: ["you@example.com"],
          cc: ["her@example.com"],
          subject: "Hello",
          text: "Dear you\n",
          attachments: ["a.csv (8 bytes)"],
        },
      },
    });
    expect(await readFile(join(first.attempt.directory, "artifacts/message.eml"), "utf8")).toContain("Subject: Hello");
    const { name = "" } = first.outcome.hold ?? {};
    const changed = await run({ ...files, "a.csv": "a,b\n1,3\n" }, [name]);
    expect(changed.outcome).toMatchObject({ status: "held", hold: { name: expect.not.stringMatching(name) } });
    expect(server.mails).toEqual([]);
    expect((await run(files, [name])).outcome).toMatchObject({
      status: "succeeded",
      message: expect.stringContaining("sent to 2 of 2"),
    });
    expect(server.mails).toEqual([
      { from: "me@example.com", to: ["you@example.com", "her@example.com"], source: expect.stringContaining("Dear you") },
    ]);
    expect(server.mails[0]?.source).toMatch(/^Message-ID: <longhaul-e-1\.[0-9a-f]{32}@longhaul>/m);
  });

  it("is never bulk: too many recipients are refused before anybody is asked", async () => {
    const { run } = await mailing({ ...message, attachments: [], bcc: ["x@example.com", "y@example.com"] });
    expect((await run({ "text.md": "x" })).outcome).toMatchObject({
      failureClass: "permanent",
      message: expect.stringContaining("4 recipients, at most 3"),
    });
  });

  it.each([
    [550, "permanent"],
    [451, "transient"],
  ])("refused with %i fails as %s", async (code, failureClass) => {
    const { run } = await mailing({ to: "no@example.com", subject: "Hello", text: "x" }, () => code);
    const { name = "" } = (await run({})).outcome.hold ?? {};
    expect((await run({}, [name])).outcome).toMatchObject({ status: "failed", failureClass });
  });
});
