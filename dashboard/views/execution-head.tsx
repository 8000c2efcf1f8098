/** The top of an execution: name, state, controls, how far it is, and in orange what keeps it. */
import { useEffect } from "preact/hooks";
import { Icon } from "../components/icon.tsx";
import { ProgressBar } from "../components/progress-bar.tsx";
import { ExecutionPill } from "../components/status-pill.tsx";
import type { Connection, Head, LiveExecution } from "../live/live-execution.ts";
import { clock, countText, durationText, relativeText, shortTimeText, usdText } from "../moments.ts";
import { follow, hrefTo } from "../router.ts";
import { isActive } from "../statuses.ts";
import { Controls } from "./controls.tsx";
import { Rating } from "./rating.tsx";

const connectionWords: Record<Connection, string> = {
  connecting: "connecting",
  live: "live",
  resuming: "connection lost, resuming",
  ended: "ended",
  asleep: "asleep",
};

type HeadProps = { live: LiveExecution; head: Head; onSelect: (taskId: string) => void };

export function ExecutionHead({ live, head, onSelect }: HeadProps) {
  void live.revision.value;
  const { counts } = live;
  const total = live.tasks.length;
  const percent = total === 0 ? 100 : Math.floor((counts.done / total) * 100);
  useEffect(() => {
    document.title = `${isActive(head.status) ? `${percent} % ` : ""}${head.title} – Longhaul`;
    return () => {
      document.title = "Longhaul";
    };
  }, [percent, head.status, head.title]);
  return (
    <header class="execution-head">
      <p class="crumbs">
        <a href={hrefTo("/")} onClick={follow}>
          Executions
        </a>
        <Icon name="chevron" size={13} />
        <span class="mono" title={head.executionId}>
          {head.executionId.slice(-8)}
        </span>
        <span class="connection" data-state={live.connection.value}>
          {connectionWords[live.connection.value]}
        </span>
      </p>
      <div class="title-line">
        <h1>{head.title}</h1>
        <ExecutionPill status={head.status} />
        {isActive(head.status) ? null : <Rating executionId={head.executionId} />}
        <Controls live={live} head={head} />
      </div>
      <ProgressBar counts={counts} label="Progress" />
      <dl class="facts">
        <Fact name="Done" value={`${counts.done} of ${total}`} detail={`${percent} %`} />
        <Fact
          name="Running"
          value={String(counts.active)}
          {...(counts.retry > 0 ? { detail: `${counts.retry} retrying` } : {})}
        />
        <Fact name="Failed" value={String(counts.failed)} tone={counts.failed > 0 ? "failed" : undefined} />
        <Time head={head} />
        <Fact
          name="Cost"
          value={usdText(head.costUsd)}
          detail={head.tokens > 0 ? `${countText(head.tokens)} tokens` : undefined}
        />
      </dl>
      <Blockers live={live} head={head} onSelect={onSelect} />
    </header>
  );
}

type FactProps = { name: string; value: string; detail?: string | undefined; tone?: string | undefined };

function Fact({ name, value, detail, tone }: FactProps) {
  return (
    <div class="fact" data-tone={tone}>
      <dt>{name}</dt>
      <dd class="number">
        {value} {detail === undefined ? null : <span class="muted">{detail}</span>}
      </dd>
    </div>
  );
}

function Time({ head }: { head: Head }) {
  const { startedAt, finishedAt, eta } = head;
  const nowMs = clock.value;
  const seconds =
    startedAt === null ? null : ((finishedAt === null ? nowMs : Date.parse(finishedAt)) - Date.parse(startedAt)) / 1000;
  return (
    <>
      <Fact
        name={finishedAt === null ? "Running for" : "Took"}
        value={durationText(seconds)}
        detail={startedAt === null ? "not started" : undefined}
      />
      {finishedAt === null ? (
        <Fact
          name="Ready"
          value={eta === null ? "–" : relativeText(eta, nowMs)}
          detail={eta === null ? "no estimate yet" : undefined}
        />
      ) : (
        <Fact name="Ended" value={relativeText(finishedAt, nowMs)} detail={shortTimeText(finishedAt)} />
      )}
    </>
  );
}

const mostBlockers = 4;

function Blockers({ live, head, onSelect }: HeadProps) {
  const tone = head.status === "failed" ? "failed" : "waiting";
  const all =
    tone === "waiting"
      ? head.blockers
      : live.tasks
          .filter(({ status }) => status === "failed")
          .map(({ id, title, message }) => ({ taskId: id, title, reason: message ?? "" }));
  const shown = all.slice(0, mostBlockers);
  if (head.reason === null && shown.length === 0) return null;
  return (
    <section class="blockers" data-tone={tone} aria-label={tone === "failed" ? "Why it failed" : "What it waits for"}>
      <Icon name="alert" />
      <div>
        {head.reason === null ? null : <strong>{head.reason}</strong>}
        <ul>
          {shown.map(({ taskId, title, reason }) =>
            taskId === null ? null : (
              <li key={taskId}>
                <button type="button" class="link" onClick={() => onSelect(taskId)}>
                  <span class="mono">{taskId}</span> {title}
                </button>
                {reason === "" ? "" : `: ${reason}`}
              </li>
            ),
          )}
        </ul>
        {all.length > shown.length ? <p>and {all.length - shown.length} more</p> : null}
      </div>
      {tone === "waiting" && shown.some(({ taskId }) => taskId !== null) ? (
        <a class="button small" href={hrefTo(`/inbox?execution=${head.executionId}`)} onClick={follow}>
          Answer in the inbox
        </a>
      ) : null}
    </section>
  );
}
