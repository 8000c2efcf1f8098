/**
 * Keeps the trends per day new. Every five minutes, and when somebody asks for them, it is looked whether something was recorded since; making
 * them new blocks neither readers nor writers. Nodes that do it at the same time wait for each other in the database, and the result is the same.
 */
import type { Feature } from "./api/door-env.ts";
import type { MetricsAnswer } from "./api/metric-contract.ts";
import { metricRoutes } from "./api/metric-routes.ts";
import type { Database } from "./store/db.ts";
import type { ExecutionStore } from "./store/executions.ts";
import { createFigureStore, type FigureStore } from "./store/figures.ts";

const everyMs = 300_000;

export class Trends {
  readonly #store: FigureStore;
  readonly #onError: (error: unknown, doing: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  /** The routes that tell them. */
  readonly routes: Feature;

  constructor(options: {
    database: Database;
    executions: Pick<ExecutionStore, "execution">;
    onError(error: unknown, doing: string): void;
  }) {
    this.#store = createFigureStore(options.database);
    this.#onError = options.onError;
    const of = async (id: string): Promise<MetricsAnswer> => {
      const { id: executionId } = await options.executions.execution(id);
      const rows = await this.#store.figures(executionId);
      const metrics = rows.map((row) => ({
        taskId: row.task_id,
        metric: row.metric,
        value: row.value,
        recordedAt: row.recorded_at.toISOString(),
      }));
      return { executionId, metrics };
    };
    this.routes = metricRoutes({
      of,
      rate: async (id, { rating, taskId, note }) => {
        const { id: executionId } = await options.executions.execution(id);
        await this.#store.rate(executionId, taskId ?? null, rating, note ?? null);
        return of(executionId);
      },
      trends: async (days, metric) => {
        await this.runOnce();
        return { trends: await this.#store.trends(days, metric ?? null) };
      },
    });
  }

  start(): void {
    this.#timer = setInterval(
      () => void this.runOnce().catch((error: unknown) => this.#onError(error, "make the trends new")),
      everyMs,
    );
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#pass?.catch(() => undefined); // whoever asked was told
  }

  /** Callers at the same time share one pass. */
  runOnce(): Promise<void> {
    this.#pass ??= this.#refresh().finally(() => (this.#pass = undefined));
    return this.#pass;
  }

  async #refresh(): Promise<void> {
    if (await this.#store.trendsAreStale()) await this.#store.refreshTrends();
  }
}
