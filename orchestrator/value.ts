/** What executions were worth: read from the rows, added up by the domain. */
import type { Feature } from "./api/door-env.ts";
import type { ValueReport } from "./api/value-contract.ts";
import { type ValueQueries, valueRoutes } from "./api/value-routes.ts";
import { type ValueFacts, valueOf } from "./domain/value.ts";
import type { Database } from "./store/db.ts";
import type { ExecutionStore } from "./store/executions.ts";
import { createValueStore, type ValueStore, type WaitRow } from "./store/value.ts";

/** Executions looked at in one statement. */
const pageSize = 200;
const mostBlockers = 200;

/** The routes that tell it. */
export const createValue = (database: Database, executions: Pick<ExecutionStore, "execution">): Feature =>
  valueRoutes(queriesOn(createValueStore(database), executions));

function queriesOn(store: ValueStore, executions: Pick<ExecutionStore, "execution">): ValueQueries {
  return {
    async of(executionId) {
      const { id } = await executions.execution(executionId);
      const [facts, waits] = await Promise.all([store.facts([id]), store.waits([id], false, mostBlockers)]);
      return reportOf(facts, waits);
    },
    async overall(since) {
      const facts: ValueFacts[] = [];
      const waits: WaitRow[] = [];
      for (let before: string | undefined; ; ) {
        const page = await store.executions(since, before, pageSize);
        if (page.length > 0) {
          facts.push(...(await store.facts(page)));
          waits.push(...(await store.waits(page, true, mostBlockers)));
        }
        if (page.length < pageSize) break;
        before = page.at(-1);
      }
      waits.sort((a, b) => b.seconds - a.seconds);
      return reportOf(facts, waits.slice(0, mostBlockers));
    },
  };
}

function reportOf(facts: ValueFacts[], waits: WaitRow[]): ValueReport {
  return {
    ...valueOf(facts),
    blockers: waits.map((wait) => ({
      executionId: wait.execution_id,
      title: wait.title,
      taskId: wait.task_id,
      taskTitle: wait.task_title,
      waitsFor: wait.waits_for,
      reason: wait.message,
      since: wait.since.toISOString(),
      until: wait.until?.toISOString() ?? null,
      seconds: Math.round(wait.seconds * 10) / 10,
    })),
  };
}
