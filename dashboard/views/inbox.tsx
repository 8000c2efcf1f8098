/** What waits for a person: decisions on exactly what is shown, and work that only a person can do. */
import { useState } from "preact/hooks";
import { approvals, decide } from "../../client/approvals.ts";
import type { Action } from "../../orchestrator/api/action-contract.ts";
import type { Approval } from "../../orchestrator/api/approval-contract.ts";
import { useAsked } from "../components/asked.ts";
import { Empty, Failure, Loading } from "../components/empty.tsx";
import { Icon } from "../components/icon.tsx";
import { attempt, tell } from "../components/notice.tsx";
import { clock, minutesText, relativeText } from "../moments.ts";
import { follow, hrefTo, search, setSearch } from "../router.ts";
import { client } from "../session.ts";
import { countWaiting } from "../waiting.ts";

const everyMs = 10_000;

async function read(): Promise<{ approvals: Approval[]; actions: Action[] }> {
  const [pending, actions] = await Promise.all([approvals(client), client.pendingActions()]);
  const asked = new Set(pending.approvals.map(({ executionId, taskId }) => `${executionId} ${taskId}`));
  return {
    approvals: pending.approvals,
    actions: actions.filter((action) => !asked.has(`${action.executionId} ${action.taskId}`)),
  };
}

export function Inbox() {
  const { answer, failure, again } = useAsked(read, [], everyMs, true);
  const only = search.value.get("execution");
  const settle = async () => {
    await Promise.all([again(), countWaiting()]);
  };
  if (answer === undefined) return failure === undefined ? <Loading /> : <Failure text={failure} />;
  const fits = ({ executionId }: { executionId: string }) => only === null || executionId === only;
  const [decisions, actions] = [answer.approvals.filter(fits), answer.actions.filter(fits)];
  return (
    <>
      <header class="page-head">
        <h1>Inbox</h1>
        {only === null ? null : (
          <button type="button" class="small" onClick={() => setSearch("execution", undefined)}>
            Only one execution is shown; show all
          </button>
        )}
      </header>
      {decisions.length + actions.length === 0 ? (
        <Empty icon="check" title="Nothing waits for you">
          What needs a decision or your hands appears here, and as a number beside “Inbox”.
        </Empty>
      ) : null}
      <ul class="inbox">
        {decisions.map((approval) => (
          <li key={approval.id}>
            <ApprovalCard approval={approval} onSettled={settle} />
          </li>
        ))}
        {actions.map((action) => (
          <li key={action.id}>
            <ActionCard action={action} onSettled={settle} />
          </li>
        ))}
      </ul>
    </>
  );
}

const mostShown = 8;

function ApprovalCard({ approval, onSettled }: { approval: Approval; onSettled: () => Promise<void> }) {
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const { subject } = approval;
  async function settle(decision: "approve" | "reject"): Promise<void> {
    setBusy(true);
    const given = {
      decision,
      digest: approval.digest,
      channel: "dashboard",
      ...(note.trim() === "" ? {} : { note: note.trim() }),
    } as const;
    const answer = await attempt(() => decide(client, approval.id, given));
    setBusy(false);
    if (answer !== undefined) tell(answer.status === "approved" ? "Approved: it goes on." : "Rejected.");
    await onSettled();
  }
  return (
    <article class="card inbox-card" data-tone="waiting" aria-label={approval.title}>
      <Head
        kind="Approval"
        title={approval.title}
        executionId={approval.executionId}
        executionTitle={approval.executionTitle}
        taskId={approval.taskId}
        since={approval.requestedAt}
      />
      {subject.why === null ? null : <p>{subject.why}</p>}
      {subject.unlocks.length === 0 ? (
        <p>The execution ends with this approval.</p>
      ) : (
        <section>
          <h3>Goes ahead with it</h3>
          <ul class="subjects">
            {subject.unlocks.slice(0, mostShown).map(({ id, title, does }) => (
              <li key={id}>
                <p>
                  <span class="mono muted">{id}</span> {title}
                </p>
                {does === "" || does === title ? null : <pre class="code">{does}</pre>}
              </li>
            ))}
          </ul>
          {subject.unlocks.length > mostShown ? <p class="muted">and {subject.unlocks.length - mostShown} more</p> : null}
        </section>
      )}
      {subject.results.length === 0 ? null : (
        <details>
          <summary>What was done before it ({subject.results.length})</summary>
          <ul class="subjects">
            {subject.results.map(({ id, summary }) => (
              <li key={id}>
                <p class="mono muted">{id}</p>
                {summary === null ? null : <pre class="code">{summary}</pre>}
              </li>
            ))}
          </ul>
        </details>
      )}
      {subject.detail === null || subject.detail === undefined ? null : (
        <details>
          <summary>Details</summary>
          <pre class="code">{JSON.stringify(subject.detail, null, 2)}</pre>
        </details>
      )}
      <p class="muted inbox-bound">
        Bound to <span class="mono">{approval.digest.slice(0, 12)}</span>, commit{" "}
        <span class="mono">{subject.commit?.slice(0, 10) ?? "none"}</span> in <span class="mono">{subject.workspace}</span>. Ends{" "}
        {relativeText(approval.expiresAt, clock.value)}; without a decision nothing goes ahead.
      </p>
      <Note id={approval.id} value={note} onChange={setNote} />
      <div class="inbox-actions">
        <button type="button" class="primary" disabled={busy} onClick={() => void settle("approve")}>
          <Icon name="check" size={16} />
          Approve
        </button>
        <button type="button" class="danger" disabled={busy} onClick={() => void settle("reject")}>
          <Icon name="cross" size={16} />
          Reject
        </button>
      </div>
    </article>
  );
}

const outcomes = {
  done: { name: "Done", told: "Done: what waited for it goes on.", icon: "check" },
  failed: { name: "Could not be done", told: "Failed: what hangs on it is skipped.", icon: "cross" },
  skipped: { name: "Skip", told: "Skipped.", icon: "skip" },
} as const;

const rangeText = ({ least, most }: { least: number; most: number }): string =>
  least === most ? minutesText(least) : `${minutesText(least)} to ${minutesText(most)}`;

function ActionCard({ action, onSettled }: { action: Action; onSettled: () => Promise<void> }) {
  const [note, setNote] = useState("");
  const [minutes, setMinutes] = useState("");
  const [busy, setBusy] = useState(false);
  // The buttons below say the first half; the rest is what to check.
  const how = action.how.replace(/^Do it, then say that it is done: .*?complete\.\s*/, "");
  async function settle(outcome: keyof typeof outcomes): Promise<void> {
    setBusy(true);
    const answer = await attempt(() =>
      client.completeAction(action.id, {
        outcome,
        ...(note.trim() === "" ? {} : { note: note.trim() }),
        ...(Number(minutes) > 0 ? { minutes: Number(minutes) } : {}),
      }),
    );
    setBusy(false);
    if (answer !== undefined) tell(outcomes[outcome].told);
    await onSettled();
  }
  return (
    <article class="card inbox-card" data-tone="waiting" aria-label={action.title}>
      <Head
        kind="For you to do"
        title={action.title}
        executionId={action.executionId}
        executionTitle={action.executionTitle}
        taskId={action.taskId}
        since={action.since}
      />
      <dl class="reasons">
        <div>
          <dt>What</dt>
          <dd>{action.what}</dd>
        </div>
        <div>
          <dt>Why you</dt>
          <dd>{action.why}</dd>
        </div>
        <div>
          <dt>Urgency</dt>
          <dd>
            {action.urgency}: {action.urgencyReason}
          </dd>
        </div>
        {action.minutes === null ? null : (
          <div>
            <dt>Takes</dt>
            <dd>{rangeText(action.minutes)}</dd>
          </div>
        )}
        {how === "" ? null : (
          <div>
            <dt>How</dt>
            <dd>{how}</dd>
          </div>
        )}
        <div>
          <dt>Then</dt>
          <dd>
            {action.unblocks === 0
              ? "Nothing else waits for it."
              : `${action.unblocks} ${action.unblocks === 1 ? "task goes" : "tasks go"} on.`}
          </dd>
        </div>
      </dl>
      {action.diff === null ? null : (
        <details>
          <summary>What does not merge</summary>
          <pre class="code">{action.diff}</pre>
        </details>
      )}
      <Note id={action.id} value={note} onChange={setNote} />
      <label class="field minutes-field">
        <span>Minutes that you worked on it (optional; for the time saved)</span>
        <input
          type="number"
          min="0"
          inputMode="decimal"
          value={minutes}
          onInput={(event) => setMinutes(event.currentTarget.value)}
        />
      </label>
      <div class="inbox-actions">
        {Object.entries(outcomes).map(([outcome, { name, icon }]) => (
          <button
            key={outcome}
            type="button"
            class={outcome === "done" ? "primary" : ""}
            disabled={busy}
            onClick={() => void settle(outcome as keyof typeof outcomes)}
          >
            <Icon name={icon} size={16} />
            {name}
          </button>
        ))}
      </div>
    </article>
  );
}

type HeadProps = { kind: string; title: string; executionId: string; executionTitle: string; taskId: string; since: string };

function Head({ kind, title, executionId, executionTitle, taskId, since }: HeadProps) {
  return (
    <header>
      <p class="inbox-kind">
        <span class="pill" data-tone="waiting">
          {kind}
        </span>
        <a href={hrefTo(`/executions/${executionId}?task=${encodeURIComponent(taskId)}`)} onClick={follow}>
          {executionTitle}
        </a>
        <span class="muted">{relativeText(since, clock.value)}</span>
      </p>
      <h2>{title}</h2>
    </header>
  );
}

function Note({ id, value, onChange }: { id: string; value: string; onChange: (value: string) => void }) {
  return (
    <label class="note-field" for={`note-${id}`}>
      <span>Note (optional; kept with the answer and told to the tasks after it)</span>
      <textarea
        id={`note-${id}`}
        rows={2}
        maxLength={2000}
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </label>
  );
}
