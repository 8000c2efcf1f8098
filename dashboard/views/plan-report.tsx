/** What a plan was read as: forecast, graph, tasks, and everything that was guessed or left out. */
import { useMemo, useState } from "preact/hooks";
import type { PreviewResponse } from "../../orchestrator/api/contract.ts";
import { GraphView } from "../components/graph-view.tsx";
import { RecommendationList } from "../components/recommendation-list.tsx";
import { Tabs } from "../components/tabs.tsx";
import { VirtualList } from "../components/virtual-list.tsx";
import { leavesOf, planEdges } from "../live/plan-edges.ts";
import { minutesText, usdText } from "../moments.ts";

type Range = PreviewResponse["forecast"]["minutes"];

const range = ({ min, likely, max }: Range, text: (value: number) => string): { value: string; detail: string | undefined } => ({
  value: text(likely),
  detail: min === max ? undefined : `${text(min)} to ${text(max)}`,
});

export function PlanReport({ preview }: { preview: PreviewResponse }) {
  const { plan, forecast, report, similar, waves, criticalPath } = preview;
  const [tab, setTab] = useState("graph");
  const notes = report.warnings.length + report.inferred.length + report.ignored.length;
  const leaves = useMemo(() => leavesOf(plan), [plan]);
  const [time, cost] = [range(forecast.minutes, minutesText), range(forecast.usd, usdText)];
  const tabs = [
    { key: "graph", name: "Graph" },
    { key: "tasks", name: "Tasks", count: leaves.length },
    { key: "report", name: "What was read", count: notes },
    { key: "similar", name: "Similar in the past", count: similar.length },
  ];
  return (
    <section aria-label="Preview" class="stack">
      <dl class="facts">
        <Fact
          name="Tasks"
          value={String(forecast.tasks.open)}
          detail={forecast.tasks.human > 0 ? `${forecast.tasks.human} for a person` : undefined}
        />
        <Fact name="Takes about" {...time} />
        <Fact name="Costs about" {...cost} />
        <Fact name="Waves" value={String(waves.length)} detail={`longest chain ${criticalPath.ids.length} tasks`} />
        <Fact name="Read as" value={report.format.name} detail={`${Math.round(report.format.confidence * 100)} % sure`} />
      </dl>
      <Tabs tabs={tabs} chosen={tab} label="Preview" onChoose={setTab}>
        {tab === "graph" ? <PlanGraph preview={preview} leaves={leaves} /> : null}
        {tab === "tasks" ? <PlanTasks leaves={leaves} /> : null}
        {tab === "report" ? <Notes report={report} /> : null}
        {tab === "similar" ? <RecommendationList recommendations={similar} /> : null}
      </Tabs>
    </section>
  );
}

function Fact({ name, value, detail }: { name: string; value: string; detail?: string | undefined }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd class="number">
        {value} {detail === undefined ? null : <span class="muted">{detail}</span>}
      </dd>
    </div>
  );
}

type Leaf = PreviewResponse["plan"]["tasks"][number];

function PlanGraph({ preview, leaves }: { preview: PreviewResponse; leaves: readonly Leaf[] }) {
  const [selected, setSelected] = useState<string>();
  const items = useMemo(() => {
    const edges = planEdges(preview.plan);
    return leaves.map((task) => ({
      id: task.id,
      label: task.displayId,
      title: task.title,
      tone:
        task.status === "done" || task.status === "skipped"
          ? ("done" as const)
          : task.automation === "HUMAN_ONLY"
            ? ("waiting" as const)
            : ("idle" as const),
      moving: false,
      dependencies: edges.get(task.id) ?? [],
      note: task.automation === "HUMAN_ONLY" ? "a person" : task.kind,
    }));
  }, [preview, leaves]);
  const critical = useMemo(() => new Set(preview.criticalPath.ids), [preview]);
  const task = leaves.find(({ id }) => id === selected);
  return (
    <>
      <GraphView items={items} structure={preview} critical={critical} selected={selected} onSelect={setSelected} height="52vh" />
      {task === undefined ? null : (
        <div class="card plan-task" aria-live="polite">
          <h3>
            <span class="mono muted">{task.displayId}</span> {task.title}
          </h3>
          {task.description === "" ? null : <p class="panel-text">{task.description}</p>}
          {task.commands.map(({ text, purpose }) => (
            <pre key={`${purpose} ${text}`} class="code">
              {purpose === "verify" ? "verify: " : ""}
              {text}
            </pre>
          ))}
        </div>
      )}
    </>
  );
}

function PlanTasks({ leaves }: { leaves: readonly Leaf[] }) {
  return (
    <VirtualList
      count={leaves.length}
      rowHeight={40}
      maxHeight="52vh"
      className="boxed"
      attributes={{ role: "list", "aria-label": "Tasks of the plan", tabIndex: 0 }}
      row={(index) => {
        const task = leaves[index];
        return task === undefined ? null : (
          <div role="listitem" class="checkpoint">
            <span class="mono muted">{task.displayId}</span>
            <span class="check-what">{task.title}</span>
            <span class="muted">{task.automation === "HUMAN_ONLY" ? "a person" : task.kind}</span>
            {task.confidence < 0.7 ? (
              <span class="pill" data-tone="waiting">
                {Math.round(task.confidence * 100)} % sure
              </span>
            ) : null}
          </div>
        );
      }}
    />
  );
}

function Notes({ report }: { report: PreviewResponse["report"] }) {
  return (
    <div class="stack notes">
      <p>{report.format.why}</p>
      {report.warnings.length === 0 ? null : (
        <section>
          <h3>Warnings</h3>
          <ul class="boxed note-list">
            {report.warnings.map((warning, index) => (
              <li key={index} data-tone="waiting">
                {warning.line === undefined ? null : <span class="mono muted">line {warning.line} </span>}
                {warning.text}
                {warning.fix === undefined ? null : <span class="muted"> → {warning.fix}</span>}
              </li>
            ))}
          </ul>
        </section>
      )}
      {report.inferred.length === 0 ? null : (
        <section>
          <h3>Order that is not written, but follows</h3>
          <ul class="boxed note-list">
            {report.inferred.slice(0, 200).map(({ from, to, rule }, index) => (
              <li key={index}>
                <span class="mono">{from}</span> waits for <span class="mono">{to}</span> <span class="muted">{rule}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {report.ignored.length === 0 ? null : (
        <section>
          <h3>Not a task</h3>
          <ul class="boxed note-list">
            {report.ignored.slice(0, 200).map(({ lines, why }, index) => (
              <li key={index}>
                <span class="mono muted">{lines.length === 1 ? `line ${lines[0]}` : `lines ${lines[0]}–${lines.at(-1)}`}</span>{" "}
                {why}
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
