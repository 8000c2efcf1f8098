/** The tasks of an execution with what hangs on what. */
import { useMemo } from "preact/hooks";
import { GraphView } from "../components/graph-view.tsx";
import type { LiveExecution } from "../live/live-execution.ts";
import { scheduleOf } from "../live/schedule.ts";
import { clock, durationText } from "../moments.ts";
import { isRunning, statusWord, toneOfTask } from "../statuses.ts";

type GraphProps = { live: LiveExecution; selected: string | undefined; onSelect: (taskId: string) => void };

export function Graph({ live, selected, onSelect }: GraphProps) {
  const revision = live.revision.value;
  const structure = live.structure.value;
  const items = useMemo(
    () =>
      live.tasks.map((task) => ({
        id: task.id,
        label: task.displayId,
        title: task.title,
        tone: toneOfTask(task.status),
        moving: isRunning(task.status),
        dependencies: task.dependencies,
        note: task.status === "completed" ? durationText(task.durationSeconds) : statusWord(task.status),
      })),
    [live, revision, structure],
  );
  const settled = live.counts.done + live.counts.failed;
  const { critical } = useMemo(() => scheduleOf(live.tasks, clock.peek()), [live, structure, settled]);
  return <GraphView items={items} structure={live} critical={critical} selected={selected} onSelect={onSelect} key={structure} />;
}
