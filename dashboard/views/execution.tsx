/** One execution: how it stands, what it waits for, and every way to look at it. A task that is chosen opens beside it. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Failure, Loading } from "../components/empty.tsx";
import { Tabs } from "../components/tabs.tsx";
import { LiveExecution } from "../live/live-execution.ts";
import { search, setSearch } from "../router.ts";
import { Checkpoints } from "./checkpoints.tsx";
import { Checks } from "./checks.tsx";
import { Cost } from "./cost.tsx";
import { EventLog } from "./event-log.tsx";
import { ExecutionHead } from "./execution-head.tsx";
import { Graph } from "./graph.tsx";
import { Log } from "./log.tsx";
import { TaskPanel } from "./task-panel.tsx";
import { TaskTree } from "./task-tree.tsx";
import { Timeline } from "./timeline.tsx";

type ViewProps = { live: LiveExecution; selected: string | undefined; onSelect: (taskId: string | undefined) => void };

const tabs: { key: string; name: string; view: (props: ViewProps) => ComponentChildren }[] = [
  { key: "tasks", name: "Tasks", view: (props) => <TaskTree {...props} /> },
  { key: "graph", name: "Graph", view: (props) => <Graph {...props} /> },
  { key: "timeline", name: "Timeline", view: (props) => <Timeline {...props} /> },
  { key: "log", name: "Log", view: ({ live }) => <Log live={live} taskId={undefined} /> },
  { key: "events", name: "Events", view: (props) => <EventLog {...props} /> },
  { key: "checks", name: "Checks", view: (props) => <Checks {...props} /> },
  { key: "cost", name: "Cost", view: ({ live }) => <Cost live={live} /> },
  { key: "checkpoints", name: "Checkpoints", view: ({ live }) => <Checkpoints live={live} /> },
];

export function Execution({ id }: { id: string }) {
  const [live, setLive] = useState<LiveExecution>();
  useEffect(() => {
    const next = new LiveExecution(id);
    setLive(next);
    return () => next.close();
  }, [id]);
  const head = live?.head.value;
  if (live === undefined || head === undefined) {
    const failure = live?.failure.value;
    return failure === undefined ? <Loading /> : <Failure text={failure} />;
  }
  const selected = search.value.get("task") ?? undefined;
  const chosen = tabs.find(({ key }) => key === search.value.get("view")) ?? tabs[0];
  const onSelect = (taskId: string | undefined) => setSearch("task", taskId);
  return (
    <>
      <ExecutionHead live={live} head={head} onSelect={onSelect} />
      <div class="execution-body" data-split={selected !== undefined}>
        <div class="execution-views">
          <Tabs
            tabs={tabs}
            chosen={chosen?.key ?? "tasks"}
            label="Ways to look at it"
            onChoose={(key) => setSearch("view", key === "tasks" ? undefined : key)}
          >
            {chosen?.view({ live, selected, onSelect })}
          </Tabs>
        </div>
        {selected === undefined ? null : (
          <TaskPanel key={selected} live={live} taskId={selected} onSelect={onSelect} onClose={() => onSelect(undefined)} />
        )}
      </div>
    </>
  );
}
