/** The MCP Inspector, a client that knows nothing of Longhaul, against the real orchestrator. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { untilEnded } from "../support/orchestrator.ts";
import { type OwnOrchestrator, prepareOrchestrator } from "./own-orchestrator.ts";
import { environmentFor, program } from "./server-process.ts";

const inspector = createRequire(import.meta.url).resolve("@modelcontextprotocol/inspector/package.json");
const launcher = join(inspector, "..", "clients", "launcher", "build", "index.js");
let orchestrator: OwnOrchestrator;

beforeAll(async () => {
  orchestrator = await prepareOrchestrator();
});
afterAll(() => orchestrator.remove());

describe.each(["legacy", "modern"])("the MCP Inspector over the %s protocol", (era) => {
  async function inspect(...args: string[]): Promise<Record<string, unknown>> {
    const environment = { ...environmentFor(orchestrator.home), ...orchestrator.environment };
    // It passes nothing on to the server but what it is told to.
    const passed = Object.entries(environment).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const argv = [launcher, "--cli", process.execPath, program, "mcp", ...passed, "--protocol-era", era, ...args];
    const { stdout } = await promisify(execFile)(process.execPath, argv, { env: environment, cwd: orchestrator.home });
    return JSON.parse(stdout) as Record<string, unknown>;
  }
  const call = (name: string, given: object) =>
    inspect("--method", "tools/call", "--tool-name", name, "--tool-args-json", JSON.stringify(given));

  test("lists the tools and finds no error in their schemas", async () => {
    const { tools } = await inspect("--method", "tools/list", "--strict");
    expect((tools as { name: string }[]).map(({ name }) => name)).toEqual([
      "handoff",
      "preview",
      "status",
      "control",
      "list",
      "inbox",
      "approve",
      "recommend",
    ]);
  });

  test("hands a plan off and reads how it ended", async () => {
    const handed = await call("handoff", { text: "# Greeting\n\n- [ ] Greet\n  - Run: `echo hello`\n" });
    expect(handed).toMatchObject({ structuredContent: { title: "Greeting", tasks: 1 } });
    const { executionId } = handed["structuredContent"] as { executionId: string };
    await untilEnded(await orchestrator.client(), executionId);
    expect(await call("status", { executionId })).toMatchObject({
      structuredContent: { summary: "Greeting: completed, 1 of 1 tasks done (100 %).", status: "completed" },
    });
  });
});
