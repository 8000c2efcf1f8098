/** Figures of what ran, from day to day. */
import { useMemo } from "preact/hooks";
import { trendsOf } from "../../client/metrics.ts";
import type { TrendsAnswer } from "../../orchestrator/api/metric-contract.ts";
import { useAsked } from "../components/asked.ts";
import { Failure } from "../components/empty.tsx";
import { TrendChart } from "../components/trend-chart.tsx";
import { countText, durationText, usdText } from "../moments.ts";
import { client } from "../session.ts";

type Trend = TrendsAnswer["trends"][number];

const percentText = (share: number): string => `${Math.round(share * 100)} %`;
const plainText = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(1));

/** In the order in which they are shown; what is not named here comes after them. */
const known: Record<string, { name: string; text: (value: number) => string }> = {
  execution_success_ratio: { name: "Tasks completed, of an execution", text: percentText },
  execution_duration_seconds: { name: "Duration of an execution", text: durationText },
  execution_cost_usd: { name: "Cost of an execution", text: usdText },
  task_pass_rate: { name: "Checks passed, of a task", text: percentText },
  task_duration_seconds: { name: "Duration of a task", text: durationText },
  task_attempts: { name: "Attempts at a task", text: plainText },
  task_cost_usd: { name: "Cost of a task", text: usdText },
  task_tokens: { name: "Tokens of a task", text: countText },
  execution_tokens: { name: "Tokens of an execution", text: countText },
  gate_score: { name: "Score of evaluation gates", text: plainText },
  execution_rating: { name: "Rating of executions", text: plainText },
  task_rating: { name: "Rating of tasks", text: plainText },
};

const order = Object.keys(known);
const place = (metric: string) => (order.includes(metric) ? order.indexOf(metric) : order.length);

export function Trends({ days }: { days: number }) {
  const { answer, failure } = useAsked(() => trendsOf(client, { days }), [days], 60_000);
  const charts = useMemo(() => {
    const byMetric = new Map<string, Trend[]>();
    for (const trend of answer?.trends ?? []) byMetric.set(trend.metric, [...(byMetric.get(trend.metric) ?? []), trend]);
    return [...byMetric]
      .filter(([, figures]) => figures.some(({ maximum }) => maximum > 0))
      .sort(([a], [b]) => place(a) - place(b))
      .map(([metric, figures]) => ({ metric, figures: figures.sort((a, b) => (a.day < b.day ? -1 : 1)) }));
  }, [answer]);
  if (failure !== undefined && answer === undefined) return <Failure text={failure} />;
  if (charts.length === 0) return null;
  return (
    <section class="stack" aria-label="Trends">
      <h2>
        From day to day <span class="muted">median, between the least and the most</span>
      </h2>
      <ul class="charts">
        {charts.map(({ metric, figures }) => {
          const { name, text } = known[metric] ?? { name: metric.replaceAll("_", " "), text: plainText };
          const last = figures.at(-1);
          return (
            <li key={metric} class="card chart-card">
              <h3>{name}</h3>
              <p class="number">
                <strong>{last === undefined ? "–" : text(last.median)}</strong>{" "}
                <span class="muted">{last === undefined ? "" : `${last.day}, ${last.samples} measured`}</span>
              </p>
              <TrendChart label={name} figures={figures} text={text} />
            </li>
          );
        })}
      </ul>
    </section>
  );
}
