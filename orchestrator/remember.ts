import type { ExecutionContext } from "./store/executions.ts";

const most = 1000;

/** The facts of an execution never change; a bounded number of them is kept. */
export function remember(
  load: (executionId: string) => Promise<ExecutionContext>,
): (executionId: string) => Promise<ExecutionContext> {
  const known = new Map<string, ExecutionContext>();
  return async (executionId) => {
    const found = known.get(executionId) ?? (await load(executionId));
    known.set(executionId, found);
    if (known.size > most) known.delete(known.keys().next().value as string);
    return found;
  };
}
