/** When the tasks ran, run and will: a row for each, in the order of their starts, the chain that decides the end set off. */
import { useMemo } from "preact/hooks";
import { Empty } from "../components/empty.tsx";
import { VirtualList } from "../components/virtual-list.tsx";
import type { LiveExecution } from "../live/live-execution.ts";
import { type Span, scheduleOf } from "../live/schedule.ts";
import { clock, durationText } from "../moments.ts";
import { isActive, statusWord, toneOfTask } from "../statuses.ts";

const rowHeight = 30;
const stepsMs = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400].map(
  (seconds) => seconds * 1000,
);

type TimelineProps = { live: LiveExecution; selected: string | undefined; onSelect: (taskId: string) => void };

export function Timeline({ live, selected, onSelect }: TimelineProps) {
  const head = live.head.value;
  const moves = head !== undefined && isActive(head.status);
  // Once a second is often enough, and with ten thousand tasks as often as it should be.
  const nowMs = moves ? clock.value : Date.parse(head?.finishedAt ?? "") || clock.peek();
  const schedule = useMemo(() => scheduleOf(live.tasks, nowMs), [live, live.structure.value, nowMs]);
  const { spans, critical, startMs } = schedule;
  const endMs = Math.max(schedule.endMs, startMs + 1000);
  if (spans.length === 0) return <Empty icon="list" title="Nothing has begun" />;
  const share = (ms: number) => `${((ms - startMs) / (endMs - startMs)) * 100}%`;
  const stepMs = stepsMs.find((step) => (endMs - startMs) / step <= 9) ?? 86_400_000;
  const marks = Array.from({ length: Math.floor((endMs - startMs) / stepMs) + 1 }, (_, index) => index * stepMs);
  return (
    <section aria-label="Timeline" class="timeline">
      <p class="legend">
        <span class="legend-mark" data-kind="critical" /> critical path, {critical.size} tasks
        <span class="legend-mark" data-kind="forecast" /> forecast
        {moves ? <span class="legend-now">now</span> : null}
      </p>
      <div class="timeline-axis" aria-hidden="true">
        <span />
        <div class="timeline-track">
          {marks.map((ms) => (
            <span key={ms} class="timeline-mark number" style={{ left: share(startMs + ms) }}>
              {ms === 0 ? "0" : durationText(ms / 1000).replace(".0", "")}
            </span>
          ))}
        </div>
      </div>
      <VirtualList
        count={spans.length}
        rowHeight={rowHeight}
        maxHeight="66vh"
        className="timeline-rows"
        attributes={{ role: "list", "aria-label": "Tasks by start" }}
        row={(index) => {
          const span = spans[index];
          return span === undefined ? null : (
            <Row
              live={live}
              span={span}
              isCritical={critical.has(span.id)}
              isSelected={span.id === selected}
              onSelect={onSelect}
              left={share(span.startMs)}
              width={share(startMs + span.endMs - span.startMs)}
              now={moves ? share(nowMs) : undefined}
            />
          );
        }}
      />
    </section>
  );
}

type RowProps = {
  live: LiveExecution;
  span: Span;
  isCritical: boolean;
  isSelected: boolean;
  onSelect: (taskId: string) => void;
  left: string;
  width: string;
  now: string | undefined;
};

function Row({ live, span, isCritical, isSelected, onSelect, left, width, now }: RowProps) {
  const task = live.task(span.id);
  if (task === undefined) return null;
  const took = durationText((span.endMs - span.startMs) / 1000);
  const words = `${task.displayId} ${task.title}: ${statusWord(task.status)}${span.forecast ? ", forecast" : `, ${took}`}${isCritical ? ", on the critical path" : ""}`;
  return (
    <div role="listitem" class="timeline-item">
      <button type="button" class="timeline-row" aria-label={words} aria-pressed={isSelected} onClick={() => onSelect(task.id)}>
        <span class="timeline-name">
          <span class="mono muted">{task.displayId}</span> {task.title}
        </span>
        <span class="timeline-track">
          {now === undefined ? null : <span class="timeline-now" style={{ left: now }} />}
          <span
            class="timeline-bar"
            data-tone={toneOfTask(task.status)}
            data-forecast={span.forecast}
            data-critical={isCritical}
            style={{ left, width }}
          />
        </span>
      </button>
    </div>
  );
}
