/** Tasks of kind deploy over a real sshd, with a service that is really started there. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Outcome } from "../../../orchestrator/executors/executor.ts";
import { findProgram } from "../../../orchestrator/executors/find-program.ts";
import { deploySettings } from "../../../orchestrator/executors/program-settings.ts";
import { taskSecretsOf } from "../../../orchestrator/task-secrets.ts";
import { type SshServer, sshd, startSshServer } from "../../support/ssh-server.ts";
import { type Attempt, createAttempt } from "./support/attempt.ts";
import { startHttpServer } from "./support/http-server.ts";
import { programWith } from "./support/programs.ts";

let server: SshServer;
let folders = 0;

/** The service of a release: an HTTP server that says its version, replaced by its successor and ended with the test. */
const start =
  'if [ -f ../../pid ]; then kill "$(cat ../../pid)" 2>/dev/null || true; fi; nohup node server.js >../../log 2>&1 </dev/null & echo $! > ../../pid';
const service = (port: number, body: string) =>
  `require("http").createServer((q, r) => r.end(${JSON.stringify(body)})).listen(${port}, "127.0.0.1"); setTimeout(() => process.exit(), 60000).unref();`;

/** In CI the packages are there, so that a missing sshd is a failure and not a silence. */
describe.skipIf(sshd === undefined && process.env["CI"] === undefined)("a deployment", () => {
  beforeAll(async () => {
    server = await startSshServer();
  });
  afterAll(() => server.close());

  async function place() {
    folders += 1;
    const folder = join(server.folder, `app-${folders}`);
    const secrets = taskSecretsOf({ LONGHAUL_SECRET_DEPLOY: server.privateKey.replaceAll("\n", "\\n") });
    const engine = findProgram(["podman"], process.env["PATH"]);
    const run = async (
      files: Record<string, string>,
      more: Record<string, unknown> = {},
      hosts = [`127.0.0.1:${server.port}`],
    ) => {
      const { host, port, user, hostKey } = server;
      const params = { host, port, user, hostKey, key: "DEPLOY", folder, source: "dist/", ...more };
      const attempt: Attempt = await createAttempt({ kind: "deploy", params });
      await mkdir(join(attempt.workspace, "dist/inner"), { recursive: true });
      for (const [name, text] of Object.entries(files)) await writeFile(join(attempt.workspace, "dist", name), text);
      const executor = programWith(
        { kind: "deploy", settings: deploySettings(secrets, hosts, engine) },
        { environment: { PATH: process.env["PATH"], HOME: process.env["HOME"] }, ownHosts: ["127.0.0.1"] },
      );
      const outcome: Outcome = await attempt.run(executor);
      return { ...outcome, attempt, text: attempt.text() };
    };
    const current = () => readlink(join(folder, "current"));
    return { folder, run, current };
  }

  it("brings a release, starts it, sees that it is well and tells the registry; the next one replaces it", async () => {
    const { folder, run, current } = await place();
    const registry = await startHttpServer((_seen, response) => void response.writeHead(201).end());
    const port = 20_000 + (process.pid % 20_000);
    const more = {
      start,
      health: { url: `http://127.0.0.1:${port}/health`, expect: { text: "version 1" }, seconds: 10, everySeconds: 0.1 },
      registry: { url: registry.url, json: { name: "app" } },
    };
    const first = await run({ "server.js": service(port, "version 1"), "inner/a b.txt": "x" }, more);
    expect(first).toMatchObject({ status: "succeeded", message: expect.stringContaining("is well; the registry knows") });
    const release = await current();
    expect(await readdir(join(folder, "current/inner"))).toEqual(["a b.txt"]);
    expect(registry.seen[0]).toMatchObject({ method: "POST", body: '{"name":"app"}' });
    expect(JSON.stringify([first.message, first.attempt.events])).not.toContain("PRIVATE KEY");

    const bad = { ...more, health: { ...more.health, expect: { text: "version 2" }, seconds: 1 } };
    const second = await run({ "server.js": service(port, "broken") }, bad);
    expect(second).toMatchObject({ status: "failed", failureClass: "permanent" });
    expect(second.message).toContain('was not well (the answer does not hold "version 2")');
    expect(registry.seen).toHaveLength(1);
    expect(await current()).toBe(release);
    expect(await (await fetch(more.health.url)).text()).toBe("version 1");
    process.kill(Number(await readFile(join(folder, "pid"), "utf8")));
  });

  it("goes back to the release that was well when the next one is not, and starts it again", async () => {
    const { folder, run, current } = await place();
    const more = {
      start: "cat version >> ../../started",
      health: { command: "grep -q good version", seconds: 1, everySeconds: 0.1 },
    };
    expect(await run({ version: "good 1\n" }, more)).toMatchObject({ status: "succeeded" });
    const well = await current();
    const failed = await run({ version: "bad 2\n" }, more);
    expect(failed).toMatchObject({ status: "failed", failureClass: "permanent" });
    expect(failed.message).toContain(`${well.split("/")[1]} runs again and is well`);
    expect(await current()).toBe(well);
    expect(await readFile(join(folder, "started"), "utf8")).toBe("good 1\nbad 2\ngood 1\n");
    expect(await run({ version: "good 3\n" }, { ...more, keep: 1 })).toMatchObject({ status: "succeeded" });
    expect(await readdir(join(folder, "releases"))).toEqual([(await current()).split("/")[1]]);
  });

  it("is made to no host that the owner did not name, to none whose key is another, and with no key that is not let in", async () => {
    const { folder, run } = await place();
    expect(await run({}, {}, ["example.com"])).toMatchObject({
      failureClass: "permanent",
      message: expect.stringContaining(`LONGHAUL_TASK_HOSTS=127.0.0.1:${server.port}`),
    });
    const other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0000000000000000000000000000000000000000000";
    expect(await run({}, { hostKey: other })).toMatchObject({
      status: "failed",
      message: expect.stringContaining("cannot be reached over ssh"),
    });
    expect(await run({}, { key: "NONE" })).toMatchObject({ message: expect.stringContaining("LONGHAUL_SECRET_NONE") });
    expect(existsSync(folder)).toBe(false);
  });

  it.skipIf(findProgram(["podman"], process.env["PATH"]) === undefined && process.env["CI"] === undefined)(
    "builds an image and gives its name to the start command; one that cannot be built reaches no host",
    async () => {
      const { folder, run } = await place();
      const name = `localhost/longhaul-test:${process.pid}`;
      const more = { source: undefined, image: { name, context: "dist", push: false }, start: 'printf %s "$IMAGE" > started' };
      try {
        expect(await run({ Dockerfile: "FROM scratch\nCOPY a.txt /\n" }, more)).toMatchObject({ status: "failed" });
        expect(existsSync(folder)).toBe(false);
        expect(await run({ Dockerfile: "FROM scratch\nCOPY a.txt /\n", "a.txt": "a" }, more)).toMatchObject({
          status: "succeeded",
        });
        expect(await readFile(join(folder, "current/started"), "utf8")).toBe(name);
      } finally {
        execFileSync("podman", ["rmi", "-f", name], { stdio: "ignore" });
      }
    },
  );

  it("does nothing with a folder or a name that is more than that", async () => {
    const { run } = await place();
    for (const more of [
      { folder: "/srv/$(touch x)" },
      { folder: "/" },
      { host: "-oProxyCommand=touch" },
      { user: "a b" },
      { source: "../.." },
    ])
      expect(await run({}, more), JSON.stringify(more)).toMatchObject({
        failureClass: "permanent",
        message: expect.stringContaining("params."),
      });
  });
});
