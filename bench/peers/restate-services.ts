/** Restate as a user writes a plan with it: one invocation goes through the graph in waves. What a task is, is the caller's choice. */
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { type Context, createEndpointHandler, RestatePromise, service } from "@restatedev/restate-sdk";
import { connect } from "@restatedev/restate-sdk-clients";
import type { Environment, Session } from "../engine.ts";
import { waves } from "../graph.ts";
import type { Journal } from "../journal.ts";
import { startRestate } from "../servers/restate.ts";

export type Start = (context: Context, task: number) => RestatePromise<unknown>;

/** A task that is an invocation of its own. */
export const taskService = service({
  name: "task",
  handlers: { run: (_: Context, task: number) => Promise.resolve(execute(task)) },
});

let current: Journal | undefined;

/** Executes the task for the graph that runs at the moment. */
export function execute(task: number): void {
  current?.execute(task);
}

/** @param start begins a task inside the plan's invocation */
export async function openRestate({ directory }: Environment, start: Start): Promise<Session> {
  const restate = await startRestate(directory);
  const plan = service({
    name: "plan",
    handlers: {
      run: async (context: Context, groups: number[][]) => {
        for (const group of groups) await RestatePromise.all(group.map((task) => start(context, task)));
      },
    },
  });
  const server = createServer(createEndpointHandler({ services: [taskService, plan], logger: () => undefined }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const registered = await fetch(`${restate.adminUrl}/deployments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }),
  });
  if (!registered.ok) throw new Error(`Restate refused the services: ${registered.status} ${await registered.text()}`);
  const ingress = connect({ url: restate.ingressUrl });

  return {
    async run(graph, journal) {
      current = journal;
      await ingress.serviceClient(plan).run(waves(graph));
    },
    async close() {
      server.close();
      await restate.stop();
    },
  };
}
