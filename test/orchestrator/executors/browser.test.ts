/** Tasks of kind browser: the machine's Chromium on real pages of loopback servers. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findProgram } from "../../../orchestrator/executors/find-program.ts";
import { addressesOf, browserSettings } from "../../../orchestrator/executors/program-settings.ts";
import { taskSecretsOf } from "../../../orchestrator/task-secrets.ts";
import { createAttempt } from "./support/attempt.ts";
import { startHttpServer } from "./support/http-server.ts";
import { programWith } from "./support/programs.ts";

const chromium = findProgram(["chromium", "chromium-browser", "google-chrome"], process.env["PATH"]);

/** In CI the browser is there, so that a missing one is a failure and not a silence. */
describe.skipIf(chromium === undefined && process.env["CI"] === undefined)("a browser task", () => {
  const run = async (params: Record<string, unknown>, hosts: string[], secrets: Record<string, string> = {}) => {
    const attempt = await createAttempt({ kind: "browser", params: { timeoutSeconds: 10, ...params } });
    const executor = programWith(
      { kind: "browser", addresses: addressesOf, settings: browserSettings(chromium ?? "", hosts) },
      { ownHosts: hosts, taskSecrets: taskSecretsOf(secrets), environment: { PATH: process.env["PATH"], HOME: "/tmp" } },
    );
    return { ...(await attempt.run(executor)), attempt };
  };

  it("fills in a form, checks what comes, takes texts and pictures, and shows no secret", async () => {
    const server = await startHttpServer((seen, response) => {
      response.setHeader("content-type", "text/html");
      if (seen.method === "POST")
        return void response.end(`<h1>Hello ${new URLSearchParams(seen.body).get("name")}</h1><ul><li>one</li><li>two</li></ul>`);
      response.end(
        '<form method="post" action="/in"><input name="name"><input name="password" type="password"><button>Go</button></form>',
      );
    });
    const done = await run(
      {
        url: server.url,
        steps: [
          { fill: "input[name=name]", value: "Ann" },
          { fill: "input[name=password]", value: "${secret:SITE}" },
          { click: "text=Go" },
          { expectText: "Hello Ann", in: "h1" },
          { expectAddress: "/in" },
          { extract: "items", from: "li" },
          { screenshot: "welcome" },
        ],
        saveAs: "out/items.json",
      },
      [server.host],
      { LONGHAUL_SECRET_SITE: "password-of-the-site" },
    );
    expect(done).toMatchObject({ status: "succeeded", message: expect.stringContaining("8 steps on 127.0.0.1") });
    expect(server.seen.find(({ method }) => method === "POST")?.body).toBe("name=Ann&password=password-of-the-site");
    expect(JSON.parse(await readFile(join(done.attempt.workspace, "out/items.json"), "utf8"))).toEqual({ items: ["one", "two"] });
    const picture = await readFile(join(done.attempt.directory, "artifacts/welcome.png"));
    expect(picture.subarray(1, 4).toString()).toBe("PNG");
    expect(JSON.stringify([done.message, done.summary, done.attempt.events])).not.toContain("password-of-the-site");
  });

  it("reaches nothing but named hosts, wherever a page leads", async () => {
    const other = await startHttpServer((_seen, response) => void response.end("reached"));
    const server = await startHttpServer((seen, response) => {
      if (seen.url === "/away") return void response.writeHead(302, { location: other.url }).end();
      response.setHeader("content-type", "text/html");
      response.end(`<p id=x>start</p><img src="${other.url}/image"><script>
        const asked = [fetch("${other.url}/fetch", { mode: "no-cors" }), new Promise((done) => { const s = new WebSocket("${other.url.replace("http", "ws")}/socket"); s.onopen = s.onerror = done; })];
        Promise.allSettled(asked).then(() => { document.querySelector("#x").textContent = "tried"; });
      </script>`);
    });
    const page = await run({ url: server.url, steps: [{ expectText: "tried" }] }, [server.host]);
    expect(page).toMatchObject({ status: "succeeded" });
    expect(page.attempt.text()).toContain(`does not name it: ${other.host}`);
    expect(await run({ url: `${server.url}/away` }, [server.host])).toMatchObject({
      failureClass: "permanent",
      message: expect.stringContaining("a host that was not named"),
    });
    expect(await run({ url: other.url }, [server.host])).toMatchObject({
      failureClass: "permanent",
      message: expect.stringContaining(`LONGHAUL_TASK_HOSTS=${other.host}`),
    });
    expect(other.seen).toEqual([]);
  });

  it("says what was not to be seen, leaves a picture of it, and tries nothing again that was clicked", async () => {
    const server = await startHttpServer(
      (_seen, response) => void response.setHeader("content-type", "text/html").end("<button>Buy</button>"),
    );
    const params = { url: server.url, timeoutSeconds: 1, steps: [{ click: "button" }, { waitFor: "#thanks" }] };
    const done = await run(params, ["127.0.0.1"]);
    expect(done).toMatchObject({
      status: "failed",
      failureClass: "permanent",
      message: expect.stringMatching(/step 2.*clicked already/),
    });
    expect((await readFile(join(done.attempt.directory, "artifacts/last.png"))).length).toBeGreaterThan(100);
    expect(await run({ ...params, idempotent: true }, ["127.0.0.1"])).toMatchObject({ failureClass: "transient" });
  });
});
