import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectClient, startRawServer } from "./server-process.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "longhaul-mcp-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

test("the first request is answered in well under a second, and starts nothing", async () => {
  const measured: number[] = [];
  for (let round = 0; round < 5; round++) {
    const before = performance.now();
    const server = startRawServer(home, { tasks: true });
    await server.request("server/discover");
    await server.request("tools/list");
    await server.request("resources/list");
    await server.request("prompts/list");
    measured.push(performance.now() - before);
    expect(await server.end()).toBe(0);
  }
  const median = measured.sort((a, b) => a - b)[2] as number;
  console.log(`MCP server: process start to tools/list in ${Math.round(median)} ms (median of ${measured.length})`);
  expect(median).toBeLessThan(1_000);
  await expect(access(join(home, "orchestrator.json"))).rejects.toThrow("ENOENT");
});

test("the tools, resources and prompts are these", async () => {
  const client = await connectClient(home, "modern");
  const { tools } = await client.listTools();
  const { resourceTemplates } = await client.listResourceTemplates();
  const { prompts } = await client.listPrompts();
  const instructions = client.getInstructions() ?? "";
  await client.close();
  await expect(`${JSON.stringify(tools, null, 2)}\n`).toMatchFileSnapshot("tools.snap");
  await expect(`${JSON.stringify({ resourceTemplates, prompts }, null, 2)}\n`).toMatchFileSnapshot("resources.snap");
  // Claude Code cuts at 4096 characters.
  for (const text of [instructions, ...tools.map(({ description }) => description ?? "")]) expect(text.length).toBeLessThan(4096);
});
