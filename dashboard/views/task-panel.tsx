/** One task beside the view it was chosen in: what it is to do, what became of it, what checked it, and what can be done about it. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { taskPage } from "../../client/tasks.ts";
import type { TaskDetail } from "../../orchestrator/api/contract.ts";
import type { TaskPage } from "../../orchestrator/api/task-contract.ts";
import { useAsked } from "../components/asked.ts";
import { Failure, Loading } from "../components/empty.tsx";
import { EvidenceList } from "../components/evidence-list.tsx";
import { Icon } from "../components/icon.tsx";
import { TaskPill } from "../components/status-pill.tsx";
import type { LiveExecution } from "../live/live-execution.ts";
import { clock, countText, dateText, durationText, usdText } from "../moments.ts";
import { follow, hrefTo } from "../router.ts";
import { client } from "../session.ts";
import { isActive, isOver, isRunning, isWaiting, toneOfTask } from "../statuses.ts";
import { steer } from "./controls.tsx";
import { Log } from "./log.tsx";

type TaskPanelProps = { live: LiveExecution; taskId: string; onSelect: (taskId: string) => void; onClose: () => void };

export function TaskPanel({ live, taskId, onSelect, onClose }: TaskPanelProps) {
  void live.revision.value;
  const task = live.task(taskId);
  const { answer, failure } = useAsked(() => taskPage(client, live.id, taskId), [live, taskId, task?.status, task?.attempt]);
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    panel.current?.focus({ preventScroll: true });
    const leave = (event: KeyboardEvent) => {
      if (event.key === "Escape" && document.querySelector("dialog[open]") === null) onClose();
    };
    document.addEventListener("keydown", leave);
    return () => {
      document.removeEventListener("keydown", leave);
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true });
    };
  }, []);
  // An action that was just used may not be offered any more; the focus stays in the panel then.
  useEffect(() => {
    if (document.activeElement === document.body) panel.current?.focus({ preventScroll: true });
  }, [task?.status]);
  return (
    <aside ref={panel} class="panel" tabIndex={-1} aria-label={`Task ${taskId}`}>
      <header class="panel-head">
        <div>
          <p class="mono muted">{task?.displayId ?? taskId}</p>
          <h2>{task?.title ?? "Unknown task"}</h2>
        </div>
        <button type="button" class="quiet small" aria-label="Close the task" onClick={onClose}>
          <Icon name="cross" />
        </button>
      </header>
      {task === undefined ? null : (
        <>
          <div class="panel-state">
            <TaskPill status={task.status} />
            <span class="muted">{timesOf(task)}</span>
          </div>
          {task.message === null || task.status === "completed" ? null : (
            <p class="panel-message" data-tone={toneOfTask(task.status)}>
              {task.message}
            </p>
          )}
          <Actions live={live} task={task} />
        </>
      )}
      {answer === undefined ? (
        failure === undefined ? (
          <Loading />
        ) : (
          <Failure text={failure} />
        )
      ) : (
        <Page page={answer} onSelect={onSelect} live={live} />
      )}
    </aside>
  );
}

function timesOf(task: TaskDetail): string {
  const parts = [task.kind];
  if (task.attempt > 1) parts.push(`attempt ${task.attempt}`);
  if (isRunning(task.status) && task.startedAt !== null)
    parts.push(`for ${durationText((clock.value - Date.parse(task.startedAt)) / 1000)}`);
  else if (task.durationSeconds !== null && task.startedAt !== null) parts.push(`took ${durationText(task.durationSeconds)}`);
  return parts.join(" · ");
}

function Actions({ live, task }: { live: LiveExecution; task: TaskDetail }) {
  const { status, id } = task;
  const active = isActive(live.head.value?.status ?? "completed");
  const retries = ["failed", "cancelled", "skipped", "retrying"].includes(status);
  return (
    <div class="panel-actions">
      {isWaiting(status) ? (
        <a class="button" href={hrefTo(`/inbox?execution=${live.id}`)} onClick={follow}>
          <Icon name="inbox" size={15} />
          Answer in the inbox
        </a>
      ) : null}
      {retries ? (
        <button type="button" onClick={() => void steer(live, { action: "retry", taskId: id })}>
          <Icon name="retry" size={15} />
          Retry
        </button>
      ) : null}
      {isOver(status) ? (
        <button type="button" onClick={() => void steer(live, { action: "retry", fromTask: id })}>
          <Icon name="play" size={15} />
          Run again from here
        </button>
      ) : null}
      {active && !isRunning(status) && status !== "completed" && status !== "skipped" ? (
        <button type="button" onClick={() => void steer(live, { action: "skip", taskId: id })}>
          <Icon name="skip" size={15} />
          Skip
        </button>
      ) : null}
    </div>
  );
}

function Page({ page, live, onSelect }: { page: TaskPage; live: LiveExecution; onSelect: (taskId: string) => void }) {
  const { spec, result, failures, dependencies, dependents } = page;
  const does = spec.params["command"] ?? spec.params["prompt"];
  const text = typeof does === "string" && does !== spec.description ? does : undefined;
  return (
    <>
      {spec.description === "" ? null : <p class="panel-text">{spec.description}</p>}
      {text === undefined ? null : <pre class="code">{text}</pre>}
      {spec.verification.length === 0 ? null : (
        <Section title="Done when">
          <ul class="bullets">
            {spec.verification.map((criterion) => (
              <li key={criterion.id}>
                {criterion.criterion}
                {criterion.command === undefined || criterion.command === criterion.criterion ? null : (
                  <code> {criterion.command}</code>
                )}
              </li>
            ))}
          </ul>
        </Section>
      )}
      {result?.summary ? (
        <Section title="Result">
          <p class="panel-text">{result.summary}</p>
        </Section>
      ) : null}
      {result !== null && result.evidence.length > 0 ? (
        <Section title="Evidence">
          <EvidenceList executionId={live.id} taskId={page.taskId} evidence={result.evidence} />
        </Section>
      ) : null}
      {failures.length === 0 ? null : (
        <Section title="Failed attempts">
          <ul class="attempts">
            {failures.map((failed) => (
              <li key={failed.attempt}>
                <strong>Attempt {failed.attempt}</strong>{" "}
                <span class="muted">
                  {failed.failureClass ?? "unknown"}, {dateText(failed.finishedAt)},{" "}
                  {durationText((Date.parse(failed.finishedAt) - Date.parse(failed.startedAt)) / 1000)}
                </span>
                {failed.message === null ? null : <p>{failed.message}</p>}
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Neighbours title="Waits for" tasks={dependencies} onSelect={onSelect} />
      <Neighbours title="Unlocks" tasks={dependents} onSelect={onSelect} />
      <Section title="Output">
        <Log live={live} taskId={page.taskId} maxHeight="22rem" />
      </Section>
      <dl class="properties">
        {[
          ["Exit code", result?.exitCode],
          [
            "Cost",
            result?.costUsd === null || result?.costUsd === undefined
              ? undefined
              : `${usdText(result.costUsd)}, ${countText(result.tokens)} tokens`,
          ],
          ["Session", result?.sessionId],
          ["Isolation", result?.isolation],
          ["Log file", result?.logFile],
          [
            "In the plan",
            spec.sourceLine === undefined
              ? undefined
              : `line ${spec.sourceLine}${spec.sourceFile === undefined ? "" : ` of ${spec.sourceFile}`}`,
          ],
        ].map(([name, value]) =>
          value === undefined || value === null ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="mono">{value}</dd>
            </div>
          ),
        )}
      </dl>
    </>
  );
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="panel-section">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

const mostNeighbours = 12;

function Neighbours({
  title,
  tasks,
  onSelect,
}: {
  title: string;
  tasks: TaskPage["dependents"];
  onSelect: (taskId: string) => void;
}) {
  if (tasks.length === 0) return null;
  return (
    <Section title={title}>
      <ul class="neighbours">
        {tasks.slice(0, mostNeighbours).map(({ id, title: name, status }) => (
          <li key={id}>
            <button type="button" class="neighbour" onClick={() => onSelect(id)}>
              <span class="dot" data-tone={toneOfTask(status)} />
              <span class="mono muted">{id}</span>
              <span class="neighbour-name">{name}</span>
            </button>
          </li>
        ))}
      </ul>
      {tasks.length > mostNeighbours ? <p class="muted">and {tasks.length - mostNeighbours} more</p> : null}
    </Section>
  );
}
