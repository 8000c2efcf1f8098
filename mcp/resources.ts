/**
 * Executions and their plans as resources, so that a person can mention one (`@longhaul:longhaul://executions/…`). Both go by the
 * execution's id: each hand-off reads its plan anew.
 */
import { type McpServer, ResourceNotFoundError, ResourceTemplate } from "@modelcontextprotocol/server";
import type { ExecutionDetail, ExecutionList } from "../orchestrator/api/contract.ts";
import type { Bridge } from "./bridge.ts";
import { executionDocument, planDocument } from "./execution-document.ts";
import { oneLine } from "./task-text.ts";

const mostListed = 20;
const mostCompleted = 100;
const mimeType = "text/markdown";

export function registerResources(server: McpServer, bridge: Bridge): void {
  const kinds = [
    {
      name: "execution",
      path: "executions",
      title: "Execution",
      description: "How a handed-off plan stands, task by task",
      document: executionDocument,
    },
    {
      name: "plan",
      path: "plans",
      title: "Plan",
      description: "The tasks of a handed-off plan and what they wait for",
      document: planDocument,
    },
  ];
  for (const { name, path, title, description, document } of kinds) {
    const template = new ResourceTemplate(`longhaul://${path}/{id}`, {
      list: async () => ({
        resources: (await recent(bridge, mostListed)).map((execution) => ({
          uri: `longhaul://${path}/${execution.executionId}`,
          name: `${name} ${oneLine(execution.title, 60)}`,
          title: `${title}: ${oneLine(execution.title, 60)}`,
          description: `${execution.status}, ${execution.progress.current} of ${execution.progress.total} tasks done`,
          mimeType,
        })),
      }),
      complete: { id: (value) => completeExecution(bridge, value) },
    });
    server.registerResource(
      name,
      template,
      { title, description, mimeType, annotations: { audience: ["user", "assistant"] } },
      async (uri, variables) => ({
        contents: [{ uri: uri.href, mimeType, text: document(await executionAt(bridge, uri, variables["id"])) }],
      }),
    );
  }
}

/** Ids of the latest executions that begin so, or whose title contains it. */
export async function completeExecution(bridge: Bridge, value: string): Promise<string[]> {
  const wanted = value.toLowerCase();
  const found = (await recent(bridge, mostCompleted)).filter(
    ({ executionId, title }) => executionId.startsWith(wanted) || title.toLowerCase().includes(wanted),
  );
  return found.map(({ executionId }) => executionId);
}

async function recent(bridge: Bridge, limit: number): Promise<ExecutionList["executions"]> {
  const client = await bridge.runningClient();
  return client === undefined ? [] : (await client.list({ limit })).executions;
}

async function executionAt(bridge: Bridge, uri: URL, id: string | string[] | undefined): Promise<ExecutionDetail> {
  const client = await bridge.client();
  try {
    return await client.execution(String(id));
  } catch (error) {
    const isUnknown = error instanceof Error && "status" in error && (error.status === 404 || error.status === 400);
    throw isUnknown ? new ResourceNotFoundError(uri.href, `There is no execution ${oneLine(String(id))}.`) : error;
  }
}
