import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { environmentFor, program } from "../mcp/server-process.ts";
import { createFaultBench } from "../support/fault-bench.ts";
import { untilEnded } from "../support/orchestrator.ts";
import { faultRounds, seededRandom } from "../support/seed.ts";

const kills = faultRounds(3, 200);
const bench = createFaultBench();
const modernVersion = "2026-07-28";

it(`kill -9 of the MCP server, ${kills} times: what it said yes to runs, once, also when it is asked again`, async () => {
  const random = seededRandom();
  const { client } = await bench.orchestrator.start();
  const { home } = bench.orchestrator;

  /** Starts a server, asks it to hand the plan of this round off, and kills it after so many milliseconds. */
  async function handOff(round: number, lifeMs: number): Promise<string | undefined> {
    const server = spawn(process.execPath, [program, "mcp"], {
      env: { ...environmentFor(home), DATABASE_URL: bench.databaseUrl },
      cwd: bench.workspace,
      stdio: ["pipe", "pipe", "ignore"],
    });
    server.stdin.on("error", () => undefined); // killed before it read everything
    let acknowledged: string | undefined;
    const answered = Promise.withResolvers<void>();
    createInterface(server.stdout).on("line", (line) => {
      const { result } = JSON.parse(line) as { result?: { structuredContent?: { executionId?: string } } };
      acknowledged = result?.structuredContent?.executionId;
      answered.resolve();
    });
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": modernVersion,
      "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
      "claudecode/toolUseId": `toolu_${round}`,
    };
    const command = `echo "start r${round}" >> journal; sleep 0.2; echo "end r${round}" >> journal`;
    const plan = { title: `round ${round}`, tasks: [{ id: `r${round}`, title: `r${round}`, command }] };
    const params = { name: "handoff", arguments: { plan, workspace: bench.workspace }, _meta };
    server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params })}\n`);
    const ended = new Promise((resolve) => server.once("exit", resolve));
    await Promise.race([delay(lifeMs), answered.promise, ended]);
    server.kill("SIGKILL");
    await ended;
    return acknowledged;
  }

  let saidYes = 0;
  const runs = new Set<string>();
  for (let round = 0; round < kills; round += 1) {
    const first = await handOff(round, 50 + random() * 1200);
    // Claude Code asks again with the same call: that must be the same execution, whether or not the first answer came.
    const second = await handOff(round, 20_000);
    expect(second).toBeDefined();
    if (first !== undefined) {
      saidYes += 1;
      expect(second).toBe(first);
    }
    runs.add(second as string);
  }
  expect(runs.size).toBe(kills);
  const { executions } = await client.list({ limit: 200 });
  expect(executions).toHaveLength(kills);
  for (const executionId of runs) expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
  const journal = await bench.journal();
  for (let round = 0; round < kills; round += 1) {
    expect(journal.filter((line) => line === `start r${round}`)).toHaveLength(1);
  }
  const last = [...runs].at(-1) as string;
  await bench.expectSound(last, [{ id: `r${kills - 1}`, dependencies: [] }]);
  console.log(`${kills} kills, ${saidYes} of them after the answer`);
}, 1_800_000);
