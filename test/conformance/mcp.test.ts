/**
 * The official conformance suite of MCP against the server as clients start it. Of its scenarios those run that say something about any
 * server; the others call tools and resources of a reference server by name.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ScriptedOrchestrator, startScriptedOrchestrator } from "../mcp/scripted-orchestrator.ts";
import { environmentFor, program } from "../mcp/server-process.ts";
import { bridgeToHttp } from "./http-bridge.ts";

const suite = join(
  createRequire(import.meta.url).resolve("@modelcontextprotocol/conformance/package.json"),
  "..",
  "dist",
  "index.js",
);
let orchestrator: ScriptedOrchestrator;
let url: string;
let close: () => Promise<void>;

beforeEach(async () => {
  orchestrator = await startScriptedOrchestrator();
  const child = spawn(process.execPath, [program, "mcp"], { env: environmentFor(orchestrator.home), cwd: orchestrator.home });
  const bridge = await bridgeToHttp(child);
  url = bridge.url;
  close = async () => {
    await bridge.close();
    const ended = once(child, "exit");
    child.stdin.end();
    await ended;
    await orchestrator.close();
  };
});
afterEach(() => close());

test.each(["server-initialize", "ping", "tools-list", "resources-list", "prompts-list"])("it passes %s", async (scenario) => {
  const run = promisify(execFile)(process.execPath, [suite, "server", "--url", url, "--scenario", scenario], {
    cwd: orchestrator.home,
  });
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  expect(stdout).toMatch(/Passed: [1-9]\d*\/[1-9]\d*, 0 failed, 0 warnings/);
});
