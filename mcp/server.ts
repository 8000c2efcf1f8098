/**
 * The MCP server on standard input and output. It keeps nothing: every fact lives in the orchestrator, so any number of these processes may
 * come and go, and closing Claude Code changes nothing about what was handed off.
 */
import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import packageJson from "../package.json" with { type: "json" };
import { registerApprove } from "./approve-tool.ts";
import { type BridgeOptions, openBridge } from "./bridge.ts";
import { registerControl } from "./control-tool.ts";
import { registerHandoff } from "./handoff-tool.ts";
import { registerInbox } from "./inbox-tool.ts";
import { registerList } from "./list-tool.ts";
import { registerPreview } from "./preview-tool.ts";
import { registerPrompts } from "./prompts.ts";
import { registerRecommend } from "./recommend-tool.ts";
import { registerResources } from "./resources.ts";
import { registerStatus } from "./status-tool.ts";
import { tasksExtension } from "./task-capability.ts";
import { registerTasks } from "./task-methods.ts";

const instructions = `Longhaul runs plans in the background, durably, without this session. When the user wants a plan handed off, executed in the background or run unattended, call handoff with the plan's file (path) and tell the user the id; the session may be closed then. status, list and control look at it and change it; inbox shows what waits for the user, and approve asks the user about it; recommend tells what similar tasks of the past were like.`;

/** Serves until the client closes standard input. */
export async function runMcpServer(options: BridgeOptions): Promise<void> {
  const bridge = openBridge(options);
  await new Promise<void>((ended) => {
    serveStdio(({ era }) => {
      const server = new McpServer(
        { name: "longhaul", title: "Longhaul", version: packageJson.version },
        { instructions, capabilities: era === "modern" ? { extensions: { [tasksExtension]: {} } } : {} },
      );
      registerHandoff(server, bridge);
      registerPreview(server, bridge);
      registerStatus(server, bridge);
      registerControl(server, bridge);
      registerList(server, bridge);
      registerInbox(server, bridge);
      registerApprove(server, bridge);
      registerRecommend(server, bridge);
      registerResources(server, bridge);
      registerPrompts(server, bridge);
      if (era === "modern") registerTasks(server, bridge);
      return server;
    });
    process.stdin.once("close", ended);
    process.stdin.once("end", ended);
  });
}
