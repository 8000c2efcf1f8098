/** The tool `handoff`: a plan becomes an execution that goes on without this session. */
import { resolve } from "node:path";
import type { McpServer, ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Client } from "../client/client.ts";
import { recommendations } from "../client/learning.ts";
import type { Recommendation } from "../orchestrator/api/learning-contract.ts";
import type { Bridge } from "./bridge.ts";
import { HandoffOutcome, startedOutcome } from "./handoff-outcome.ts";
import { planArgument, planOf, plansGiven } from "./plan-argument.ts";
import { clientTakesTasks } from "./task-capability.ts";
import { startedTask } from "./task-start.ts";
import { success, toolResult } from "./tool-result.ts";

const similarTimeoutMs = 1_500;

const description = `Hand a plan off to Longhaul, which runs it in the background, durably: it goes on when this session is closed and after crashes.
Give the plan as exactly one of: path (a plan file or a folder with one, e.g. ROADMAP.md, tasks.md, tasks.json), text (markdown, YAML or JSON as written), or plan (a task list as an object).
A task that names a command (e.g. \`Run: npm test\`) runs it; any other task is done by a headless Claude Code in the workspace. Dependencies between tasks are kept, independent tasks run side by side.
It returns at once with the execution's id. Do not wait or poll: tell the user that it runs and can be looked at with the tool status. A plan with mistakes (cycle, unknown dependency, no task) starts nothing; the error names the lines.`;

const HandoffArguments = z
  .object({
    ...planArgument,
    title: z.string().max(500).optional().describe("Name of the execution; the plan's own title by default"),
    workspace: z.string().min(1).max(4096).optional().describe("Folder the tasks run in; the session's folder by default"),
    priority: z.enum(["low", "normal", "high"]).optional().describe("Before or after other executions"),
    concurrency: z.number().int().min(1).max(1000).optional().describe("Most tasks of this plan at once"),
    maxAttempts: z.number().int().min(1).max(100).optional().describe("How often a task is tried before it counts as failed"),
    budget: z
      .object({
        usd: z.number().positive().describe("US dollars"),
        tokens: z.number().int().positive(),
        wallSeconds: z.number().positive().describe("Seconds its tasks run, added up"),
      })
      .partial()
      .strict()
      .optional()
      .describe("Most the plan may spend; it warns at 80 % and waits for the user at 100 %"),
    format: z.string().max(100).optional().describe("Read the plan as this format instead of the recognised one"),
    approvalMode: z
      .enum(["auto", "checkpoints", "final"])
      .optional()
      .describe("When a person approves: never (default), at each phase and deployment, or when all is built"),
    notifications: z
      .record(z.string().max(50), z.boolean())
      .optional()
      .describe(
        'Channels that tell the user about this plan or do not, or for one kind of event: {"voice":true,"email":false,"task.completed.push":true}',
      ),
    webhookUrl: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional()
      .describe("Gets every notification of this plan as a signed POST"),
    parameters: z.record(z.string(), z.string().max(10_000)).optional().describe("Values for the plan template's parameters"),
    confirmExternal: z
      .boolean()
      .optional()
      .describe("True only after the user said that dependencies on things outside the plan are fulfilled"),
  })
  .strict()
  .refine((given) => plansGiven(given) === 1, { message: "give exactly one of path, text and plan" });

export function registerHandoff(server: McpServer, bridge: Bridge): void {
  server.registerTool(
    "handoff",
    {
      title: "Hand off a plan",
      description,
      inputSchema: HandoffArguments,
      outputSchema: HandoffOutcome,
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
      _meta: { "anthropic/alwaysLoad": true },
    },
    (given, context) =>
      toolResult(async () => {
        const client = await bridge.client();
        const { path, text, plan, title, workspace, maxAttempts, ...options } = given;
        const key = idempotencyKey(bridge, context);
        const execution = await client.handoff(
          {
            ...planOf({ path, text, plan }, bridge),
            ...(title === undefined ? {} : { title }),
            ...(bridge.conversationId === undefined ? {} : { conversationId: bridge.conversationId }),
            options: {
              ...withoutUndefined(options),
              workspace: resolve(bridge.cwd, workspace ?? "."),
              ...(maxAttempts === undefined ? {} : { retry: { maxAttempts } }),
              ...(key === undefined ? {} : { idempotencyKey: key }),
            },
          },
          { signal: context.mcpReq.signal },
        );
        const outcome = startedOutcome(execution, await similarTo(client, execution.executionId));
        return clientTakesTasks(context) ? startedTask(outcome) : success(outcome);
      }),
  );
}

/** The hand-off is done; what is only nice to know must not fail or delay it. */
async function similarTo(client: Client, executionId: string): Promise<Recommendation[]> {
  try {
    const found = await recommendations(client, { executionId }, { signal: AbortSignal.timeout(similarTimeoutMs) });
    return found.recommendations;
  } catch {
    return [];
  }
}

/** One call of the model is one execution, also when the client sends it again; ids of calls repeat between sessions. */
function idempotencyKey({ conversationId }: Bridge, context: ServerContext): string | undefined {
  const toolUseId = context.mcpReq._meta?.["claudecode/toolUseId"];
  if (typeof toolUseId !== "string" || toolUseId === "") return undefined;
  return `claude-code:${conversationId ?? ""}:${toolUseId}`.slice(0, 200);
}

function withoutUndefined<Options extends Record<string, unknown>>(
  options: Options,
): { [K in keyof Options]: NonNullable<Options[K]> } {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [K in keyof Options]: NonNullable<Options[K]> };
}
