/**
 * The tasks as a tree that the arrow keys walk: up and down move, right and left unfold and fold, Enter opens. The focus stays on the tree and
 * names the row it means, because rows come and go with scrolling.
 */
import { useMemo, useState } from "preact/hooks";
import type { TaskDetail } from "../../orchestrator/api/contract.ts";
import { Empty } from "../components/empty.tsx";
import { FindField } from "../components/find-field.tsx";
import { Icon } from "../components/icon.tsx";
import { TaskPill } from "../components/status-pill.tsx";
import { VirtualList } from "../components/virtual-list.tsx";
import type { LiveExecution } from "../live/live-execution.ts";
import { foldKey, type TreeRow, treeRows } from "../live/task-rows.ts";
import { clock, durationText } from "../moments.ts";
import { isRunning, isWaiting, type Tone, toneOfTask } from "../statuses.ts";

const rowHeight = 40;

const filters = {
  all: { name: "All", fits: undefined },
  running: { name: "Running", fits: (task: TaskDetail) => isRunning(task.status) || task.status === "retrying" },
  waiting: { name: "Waiting", fits: (task: TaskDetail) => isWaiting(task.status) },
  failed: { name: "Failed", fits: (task: TaskDetail) => task.status === "failed" },
  open: { name: "Open", fits: (task: TaskDetail) => ["pending", "queued"].includes(task.status) },
} as const;
type FilterName = keyof typeof filters;

export type TaskTreeProps = { live: LiveExecution; selected: string | undefined; onSelect: (taskId: string) => void };

export function TaskTree({ live, selected, onSelect }: TaskTreeProps) {
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [filter, setFilter] = useState<FilterName>("all");
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const { fits } = filters[filter];
  const wanted = words.trim().toLowerCase();
  const isNarrowed = fits !== undefined || wanted !== "";
  const revision = live.revision.value;
  const rows = useMemo(
    () =>
      treeRows({
        phases: live.head.peek()?.phases ?? [],
        tasks: live.tasks,
        collapsed,
        fits: isNarrowed
          ? (task) => (fits?.(task) ?? true) && (wanted === "" || `${task.id} ${task.title}`.toLowerCase().includes(wanted))
          : undefined,
      }),
    [live, live.structure.value, collapsed, filter, wanted, isNarrowed ? revision : 0],
  );
  const focused = Math.min(at, rows.length - 1);

  function fold(row: TreeRow, shut: boolean): void {
    const next = new Set(collapsed);
    if (shut) next.add(foldKey(row));
    else next.delete(foldKey(row));
    setCollapsed(next);
  }
  const hasParts = (row: TreeRow) => row.kind === "phase" || row.parts > 0;
  function open(row: TreeRow): void {
    if (row.kind === "phase") fold(row, !collapsed.has(foldKey(row)));
    else onSelect(row.id);
  }
  function onKeyDown(event: KeyboardEvent): void {
    const row = rows[focused];
    if (row === undefined) return;
    const isFolded = collapsed.has(foldKey(row));
    const moves: Record<string, () => void> = {
      ArrowDown: () => setAt(Math.min(focused + 1, rows.length - 1)),
      ArrowUp: () => setAt(Math.max(focused - 1, 0)),
      PageDown: () => setAt(Math.min(focused + 12, rows.length - 1)),
      PageUp: () => setAt(Math.max(focused - 12, 0)),
      Home: () => setAt(0),
      End: () => setAt(rows.length - 1),
      ArrowRight: () => (hasParts(row) && isFolded ? fold(row, false) : setAt(Math.min(focused + 1, rows.length - 1))),
      ArrowLeft: () => (hasParts(row) && !isFolded ? fold(row, true) : setAt(parentOf(rows, focused))),
      Enter: () => open(row),
      " ": () => open(row),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  }

  return (
    <section aria-label="Tasks">
      <div class="tools">
        <fieldset class="chips">
          <legend class="visually-hidden">Show tasks</legend>
          {Object.entries(filters).map(([key, { name }]) => (
            <button
              key={key}
              type="button"
              class="chip"
              aria-pressed={key === filter}
              onClick={() => setFilter(key as FilterName)}
            >
              {name}
            </button>
          ))}
        </fieldset>
        <FindField label="Find a task" value={words} onInput={setWords} />
      </div>
      {rows.length === 0 ? (
        <Empty icon="list" title="No task fits" />
      ) : (
        <VirtualList
          count={rows.length}
          rowHeight={rowHeight}
          maxHeight="70vh"
          focused={focused}
          className="tree"
          attributes={{
            role: "tree",
            "aria-label": "Tasks",
            "aria-activedescendant": `row-${focused}`,
            tabIndex: 0,
            onKeyDown,
          }}
          row={(index) => {
            const row = rows[index];
            if (row === undefined) return null;
            const task = row.kind === "task" ? live.task(row.id) : undefined;
            return (
              <div
                id={`row-${index}`}
                role="treeitem"
                class="tree-row"
                aria-level={row.level}
                aria-selected={row.kind === "task" && row.id === selected}
                data-focused={index === focused}
                {...(hasParts(row) ? { "aria-expanded": !collapsed.has(foldKey(row)) } : {})}
                style={{ "--level": row.level - 1 }}
                onClick={() => {
                  setAt(index);
                  open(row);
                }}
              >
                {hasParts(row) ? (
                  <span
                    class="twist"
                    data-open={!collapsed.has(foldKey(row))}
                    onClick={(event) => {
                      event.stopPropagation();
                      fold(row, !collapsed.has(foldKey(row)));
                    }}
                  >
                    <Icon name="chevron" size={14} />
                  </span>
                ) : (
                  <span class="twist" />
                )}
                {row.kind === "phase" ? (
                  <PhaseCells live={live} row={row} />
                ) : task === undefined ? null : (
                  <TaskCells task={task} />
                )}
              </div>
            );
          }}
        />
      )}
    </section>
  );
}

function parentOf(rows: TreeRow[], index: number): number {
  const level = rows[index]?.level ?? 1;
  for (let above = index - 1; above >= 0; above -= 1) if ((rows[above]?.level ?? 1) < level) return above;
  return index;
}

function TaskCells({ task }: { task: TaskDetail }) {
  const seconds =
    isRunning(task.status) && task.startedAt !== null ? (clock.value - Date.parse(task.startedAt)) / 1000 : task.durationSeconds;
  return (
    <>
      <span class="dot" data-tone={toneOfTask(task.status)} data-moving={isRunning(task.status)} />
      <span class="task-id mono">{task.displayId}</span>
      <span class="task-title">{task.title}</span>
      {task.message === null || task.status === "completed" ? null : (
        <span class="task-message" data-tone={toneOfTask(task.status)}>
          {task.message}
        </span>
      )}
      <span class="task-kind">{task.kind}</span>
      <span class="task-time number">{seconds === null || task.startedAt === null ? "" : durationText(seconds)}</span>
      <TaskPill status={task.status} />
    </>
  );
}

function PhaseCells({ live, row }: { live: LiveExecution; row: Extract<TreeRow, { kind: "phase" }> }) {
  const counts: Partial<Record<Tone, number>> = {};
  for (const id of row.tasks) {
    const task = live.task(id);
    if (task === undefined) continue;
    const tone = toneOfTask(task.status);
    counts[tone] = (counts[tone] ?? 0) + 1;
  }
  return (
    <>
      <span class="phase-title">{row.title}</span>
      <span class="number muted">
        {counts.done ?? 0}/{row.tasks.length}
      </span>
      {/* The tree's rows are read with their text; the bar is for the eye. */}
      <span class="phase-bar" aria-hidden="true">
        {Object.entries(counts).map(([tone, count]) =>
          tone === "idle" ? null : (
            <span key={tone} class="bar-part" data-tone={tone} style={{ width: `${(count / row.tasks.length) * 100}%` }} />
          ),
        )}
      </span>
    </>
  );
}
