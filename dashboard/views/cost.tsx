/** What was spent, on which tasks, and how much of each budget is left. A person can allow more. */
import { useState } from "preact/hooks";
import { budgetOf, setBudget } from "../../client/budget.ts";
import type { BudgetReport } from "../../orchestrator/api/budget-contract.ts";
import { useAsked } from "../components/asked.ts";
import { Failure, Loading } from "../components/empty.tsx";
import { attempt, tell } from "../components/notice.tsx";
import type { LiveExecution } from "../live/live-execution.ts";
import { countText, durationText, usdText } from "../moments.ts";
import { client } from "../session.ts";
import type { Tone } from "../statuses.ts";

type Budget = BudgetReport["budgets"][number];

const scopeWords = { task: "Task", plan: "This plan", day: "Today, all plans" } as const;
const mostTasks = 15;

const amount = (metric: Budget["metric"], value: number): string =>
  metric === "usd" ? usdText(value) : metric === "tokens" ? `${countText(value)} tokens` : durationText(value);

export function Cost({ live }: { live: LiveExecution }) {
  void live.revision.value;
  const { answer, failure, again } = useAsked(() => budgetOf(client, live.id), [live], 5000);
  if (answer === undefined) return failure === undefined ? <Loading /> : <Failure text={failure} />;
  const dear = live.tasks
    .filter((task) => (task.costUsd ?? 0) > 0)
    .sort((a, b) => (b.costUsd ?? 0) - (a.costUsd ?? 0))
    .slice(0, mostTasks);
  const most = dear[0]?.costUsd ?? 1;
  return (
    <div class="stack">
      <section aria-label="Budgets" class="stack">
        <h2>Budgets</h2>
        {answer.budgets.length === 0 ? <p class="muted">Nothing limits what this execution spends.</p> : null}
        <div class="budgets">
          {answer.budgets.map((budget) => (
            <Meter key={`${budget.scope} ${budget.metric}`} budget={budget} />
          ))}
        </div>
        <Raise live={live} onRaised={again} />
      </section>
      {dear.length === 0 ? null : (
        <section aria-label="Cost by task" class="stack">
          <h2>Dearest tasks</h2>
          <ul class="boxed costs">
            {dear.map((task) => (
              <li key={task.id}>
                <span class="mono muted">{task.displayId}</span>
                <span class="check-what">{task.title}</span>
                <span class="cost-bar" aria-hidden="true">
                  <span style={{ width: `${((task.costUsd ?? 0) / most) * 100}%` }} />
                </span>
                <span class="number">{usdText(task.costUsd)}</span>
                <span class="number muted">{countText(task.tokens)} tokens</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function Meter({ budget: { scope, metric, spent, allowed } }: { budget: Budget }) {
  const share = Math.min(1, allowed === 0 ? 1 : spent / allowed);
  const tone: Tone = share >= 1 ? "failed" : share >= 0.8 ? "waiting" : "active";
  const text = `${amount(metric, spent)} of ${amount(metric, allowed)}`;
  return (
    <div class="card budget" data-tone={tone}>
      <h3>{scopeWords[scope]}</h3>
      <p class="number budget-text">
        {text} <span class="muted">{Math.round((spent / allowed) * 100)} %</span>
      </p>
      <div
        class="bar"
        role="meter"
        aria-label={`${scopeWords[scope]}: ${text}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
      >
        <span class="bar-part" data-tone={tone} style={{ flexGrow: share }} />
        <span class="bar-rest" style={{ flexGrow: 1 - share }} />
      </div>
    </div>
  );
}

const fields = [
  { name: "usd", label: "US dollars", factor: 1 },
  { name: "tokens", label: "Tokens", factor: 1 },
  { name: "wallSeconds", label: "Minutes", factor: 60 },
] as const;

function Raise({ live, onRaised }: { live: LiveExecution; onRaised: () => Promise<void> }) {
  const [values, setValues] = useState<Record<string, string>>({});
  const request = Object.fromEntries(
    fields.flatMap(({ name, factor }) => {
      const value = Number(values[name]);
      return values[name] && value > 0 ? [[name, value * factor]] : [];
    }),
  );
  async function raise(event: Event): Promise<void> {
    event.preventDefault();
    const raised = await attempt(() => setBudget(client, live.id, request));
    if (raised === undefined) return;
    setValues({});
    tell(raised.released.length === 0 ? "The budget is set." : `The budget is set; ${raised.released.join(", ")} goes on.`);
    await onRaised();
  }
  return (
    <form class="raise" onSubmit={(event) => void raise(event)}>
      <fieldset class="raise-fields">
        <legend>Allow this plan in all</legend>
        {fields.map(({ name, label }) => (
          <label key={name}>
            <span>{label}</span>
            <input
              type="number"
              min="0"
              step="any"
              inputMode="decimal"
              value={values[name] ?? ""}
              onInput={(event) => setValues({ ...values, [name]: event.currentTarget.value })}
            />
          </label>
        ))}
        <button type="submit" disabled={Object.keys(request).length === 0}>
          Set
        </button>
      </fieldset>
    </form>
  );
}
