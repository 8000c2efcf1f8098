/** An agent as a test plays it: nothing but HTTP, one call at a time. */
import type { Client } from "../../client/client.ts";
import type {
  AgentWork,
  HeartbeatAnswer,
  ReportAnswer,
  WorkAnswer,
  WorkReport,
} from "../../orchestrator/api/agent-work-contract.ts";

export type Answered<Body> = { status: number; body: Body };
export type TestAgent = {
  id: string;
  token: string;
  work(waitSeconds?: number): Promise<WorkAnswer>;
  /** Asks until it gets work. */
  nextWork(): Promise<AgentWork>;
  report(work: Pick<AgentWork, "executionId" | "taskId" | "attempt">, report: object): Promise<Answered<ReportAnswer>>;
  heartbeat(work?: object[]): Promise<HeartbeatAnswer>;
};

let reports = 0;

export async function registerTestAgent(
  { client, url }: { client: Client; url: string },
  name: string,
  capabilities: string[] = [],
): Promise<TestAgent> {
  const { id, token } = await client.ask<{ id: string; token: string }>({
    method: "POST",
    path: "/api/agents",
    body: { name, capabilities },
  });
  return testAgent(url, id, token);
}

export function testAgent(url: string, id: string, token: string): TestAgent {
  async function call<Body>(method: string, path: string, body?: unknown): Promise<Answered<Body>> {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Body };
  }
  async function work(waitSeconds = 10): Promise<WorkAnswer> {
    const { status, body } = await call<WorkAnswer>("GET", `/api/agents/${id}/work?waitSeconds=${waitSeconds}`);
    if (status !== 200) throw new Error(`asking for work: ${status} ${JSON.stringify(body)}`);
    return body;
  }
  return {
    id,
    token,
    work,
    async nextWork() {
      for (;;) {
        const answer = await work();
        if (answer.work !== null) return answer.work;
      }
    },
    report: ({ executionId, taskId, attempt }, report) =>
      call("POST", `/api/executions/${executionId}/events`, {
        reportId: `report-${(reports += 1)}`,
        taskId,
        attempt,
        ...report,
      } satisfies Partial<WorkReport>),
    heartbeat: async (listed) =>
      (await call<HeartbeatAnswer>("POST", `/api/agents/${id}/heartbeat`, listed === undefined ? {} : { work: listed })).body,
  };
}
