/** What it was good for: done without a person, time saved, cost against worth, and what waits for how long. */
import { useMemo } from "preact/hooks";
import { valueOfAll } from "../../client/value.ts";
import type { ValueReport } from "../../orchestrator/api/value-contract.ts";
import { useAsked } from "../components/asked.ts";
import { Empty, Failure, Loading } from "../components/empty.tsx";
import { ProgressBar } from "../components/progress-bar.tsx";
import { countText, durationText, minutesText, usdText } from "../moments.ts";
import { follow, hrefTo, search, setSearch } from "../router.ts";
import { client } from "../session.ts";
import { Trends } from "./trends.tsx";

const spans = { "7": "7 days", "30": "30 days", all: "All time" } as const;
const dayMs = 86_400_000;
const mostDays = 3650;
const everyMs = 15_000;

export function Value() {
  const chosen = search.value.get("days") ?? "30";
  const since = useMemo(
    () => (chosen === "all" ? undefined : new Date(Date.now() - Number(chosen) * dayMs).toISOString()),
    [chosen],
  );
  const { answer, failure } = useAsked(() => valueOfAll(client, since), [since], everyMs);
  return (
    <>
      <header class="page-head">
        <h1>Value</h1>
        <fieldset class="chips">
          <legend class="visually-hidden">Of the last</legend>
          {Object.entries(spans).map(([days, name]) => (
            <button
              key={days}
              type="button"
              class="chip"
              aria-pressed={days === chosen}
              onClick={() => setSearch("days", days === "30" ? undefined : days)}
            >
              {name}
            </button>
          ))}
        </fieldset>
      </header>
      {answer === undefined ? (
        failure === undefined ? (
          <Loading />
        ) : (
          <Failure text={failure} />
        )
      ) : (
        <>
          <Report report={answer} />
          <Trends days={chosen === "all" ? mostDays : Number(chosen)} />
        </>
      )}
    </>
  );
}

function Report({ report }: { report: ValueReport }) {
  const { tasks, automation, timeSaved, cost, worth, waitedSeconds, blockers } = report;
  if (report.executions === 0) return <Empty icon="value" title="Nothing was handed off in this time" />;
  return (
    <div class="stack">
      <div class="figures">
        <Figure
          name="Ran without a person"
          value={automation === null ? "unknown" : `${Math.round(automation.percentage)} %`}
          detail={
            automation === null
              ? "nothing is completed yet"
              : `${automation.withoutHuman} of ${automation.completed} completed tasks`
          }
        />
        <Figure
          name="Time saved"
          value={timeSaved === null ? "unknown" : rangeText(timeSaved.minMinutes, timeSaved.maxMinutes)}
          detail={
            timeSaved === null
              ? "no plan says what a person would need"
              : `of ${timeSaved.tasks} tasks that say what a person would need`
          }
        />
        <Figure
          name="Cost"
          value={`${cost.tasksOfUnknownCost > 0 ? "≥ " : ""}${usdText(cost.usd)}`}
          detail={`${countText(cost.tokens)} tokens${cost.tasksOfUnknownCost > 0 ? `; of ${cost.tasksOfUnknownCost} tasks unknown` : ""}`}
        />
        <Figure
          name="Worth"
          value={worth === null ? "unknown" : usdText(worth.usd)}
          detail={
            worth === null
              ? "no execution was given one"
              : worth.roi === null
                ? "against an unknown cost"
                : `${worth.roi.toFixed(1)} times the cost on top`
          }
        />
      </div>
      <section class="card stack" aria-label="Tasks">
        <h2>
          {tasks.total.toLocaleString()} tasks{" "}
          <span class="muted">
            of {report.executions.toLocaleString()} {report.executions === 1 ? "execution" : "executions"}
          </span>
        </h2>
        <ProgressBar
          label="All tasks"
          counts={{ done: tasks.completed, failed: tasks.failed, idle: tasks.pending + tasks.skipped + tasks.cancelled }}
        />
        <p class="muted number">
          {tasks.completed} completed, {tasks.failed} failed, {tasks.skipped} skipped, {tasks.cancelled} cancelled,{" "}
          {tasks.pending} open
          {report.unrecorded > 0 ? `; the logs of ${report.unrecorded} executions are gone, they are left out of the rest` : ""}
        </p>
      </section>
      <section class="card stack" aria-label="Waiting">
        <h2>Waited for</h2>
        <Waits waits={waitedSeconds} />
      </section>
      {blockers.length === 0 ? null : (
        <section class="stack" aria-label="What waits now">
          <h2>What waits now</h2>
          <ul class="boxed note-list">
            {blockers.map((blocker) => (
              <li key={`${blocker.executionId} ${blocker.taskId} ${blocker.since}`}>
                <a
                  href={hrefTo(
                    `/executions/${blocker.executionId}${blocker.taskId === null ? "" : `?task=${encodeURIComponent(blocker.taskId)}`}`,
                  )}
                  onClick={follow}
                >
                  {blocker.taskTitle ?? blocker.title}
                </a>{" "}
                <span class="pill" data-tone="waiting">
                  {blocker.waitsFor}
                </span>{" "}
                <span class="number">{durationText(blocker.seconds)}</span>
                {blocker.reason === null ? null : <span class="muted"> {blocker.reason}</span>}
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

const rangeText = (least: number, most: number): string =>
  least === most ? minutesText(least) : `${minutesText(least)} to ${minutesText(most)}`;

function Figure({ name, value, detail }: { name: string; value: string; detail: string }) {
  return (
    <div class="card figure">
      <h2>{name}</h2>
      <p class="figure-value number">{value}</p>
      <p class="muted">{detail}</p>
    </div>
  );
}

const waitWords = { human: "a person", approval: "an approval", external: "something outside", paused: "being resumed" } as const;

function Waits({ waits }: { waits: ValueReport["waitedSeconds"] }) {
  const most = Math.max(1, ...Object.values(waits));
  return (
    <ul class="waits">
      {(Object.keys(waitWords) as (keyof typeof waitWords)[]).map((kind) => (
        <li key={kind}>
          <span>{waitWords[kind]}</span>
          <span class="cost-bar" data-tone="waiting" aria-hidden="true">
            <span style={{ width: `${(waits[kind] / most) * 100}%` }} />
          </span>
          <span class="number">{durationText(waits[kind])}</span>
        </li>
      ))}
    </ul>
  );
}
