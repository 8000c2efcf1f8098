/** Bringing a changed plan to an execution that is under way: the difference first, then, if wanted, the change. */
import { useState } from "preact/hooks";
import { editPlan } from "../../client/plan-edits.ts";
import type { PlanEditAnswer, PlanEditInput } from "../../orchestrator/api/plan-edit-contract.ts";
import { Dialog } from "../components/dialog.tsx";
import { errorText, tell } from "../components/notice.tsx";
import type { LiveExecution } from "../live/live-execution.ts";
import { client } from "../session.ts";

type Shown = { request: PlanEditInput; difference: PlanEditAnswer };

export function EditPlan({ live, onClose }: { live: LiveExecution; onClose: () => void }) {
  const [text, setText] = useState("");
  const [shown, setShown] = useState<Shown>();
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function ask(request: PlanEditInput): Promise<PlanEditAnswer | undefined> {
    setBusy(true);
    setFailure(undefined);
    try {
      return await editPlan(client, live.id, request);
    } catch (error) {
      setFailure(errorText(error));
      return undefined;
    } finally {
      setBusy(false);
    }
  }
  async function look(): Promise<void> {
    const request: PlanEditInput = text.trim() === "" ? {} : { text };
    const difference = await ask({ ...request, dryRun: true });
    setShown(difference === undefined ? undefined : { request, difference });
  }
  async function apply({ request }: Shown): Promise<void> {
    const done = await ask(request);
    if (done === undefined) return;
    tell(`The plan is changed: ${done.added.length} added, ${done.removed.length} removed, ${done.changed.length} changed.`);
    onClose();
  }
  return (
    <Dialog title="Change the plan" wide onClose={onClose}>
      <label class="field">
        <span>The changed plan. Leave it empty to read the plan's file again as it is now.</span>
        <textarea
          class="mono"
          rows={8}
          spellcheck={false}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setShown(undefined);
          }}
        />
      </label>
      {failure === undefined ? null : (
        <p class="panel-message" data-tone="failed" role="alert">
          {failure}
        </p>
      )}
      {shown === undefined ? null : <Difference difference={shown.difference} />}
      <div class="dialog-actions">
        <button type="button" onClick={onClose}>
          Leave it
        </button>
        {shown === undefined ? (
          <button type="button" class="primary" disabled={busy} onClick={() => void look()}>
            Show the difference
          </button>
        ) : (
          <button type="button" class="primary" disabled={busy} onClick={() => void apply(shown)}>
            Change it
          </button>
        )}
      </div>
    </Dialog>
  );
}

function Difference({ difference }: { difference: PlanEditAnswer }) {
  const { added, removed, changed, renamed, unchanged, undecided, warnings } = difference;
  return (
    <section aria-label="Difference" class="stack">
      <h3>
        {added.length} added, {removed.length} removed, {changed.length} changed, {unchanged} as they are
      </h3>
      <ul class="boxed files" tabIndex={0} aria-label="Tasks that change">
        {added.map(({ id, title }) => (
          <li key={id} data-change="added">
            <span aria-hidden="true">+</span> <span class="visually-hidden">added</span>
            <span class="mono muted">{id}</span> {title}
          </li>
        ))}
        {removed.map(({ id, title }) => (
          <li key={id} data-change="deleted">
            <span aria-hidden="true">−</span> <span class="visually-hidden">removed</span>
            <span class="mono muted">{id}</span> {title}
          </li>
        ))}
        {changed.map(({ id, title, fields }) => (
          <li key={id}>
            <span aria-hidden="true">~</span> <span class="visually-hidden">changed</span>
            <span class="mono muted">{id}</span> {title} <span class="muted">{fields.join(", ")}</span>
          </li>
        ))}
        {renamed.map(({ before, after }) => (
          <li key={after}>
            <span class="mono">{before}</span> is now <span class="mono">{after}</span>
          </li>
        ))}
        {added.length + removed.length + changed.length + renamed.length === 0 ? <li class="muted">Nothing changes.</li> : null}
      </ul>
      {undecided.length === 0 ? null : <p>Under way, and left as they began: {undecided.join(", ")}</p>}
      {warnings.map((warning) => (
        <p key={warning} class="panel-message" data-tone="waiting">
          {warning}
        </p>
      ))}
    </section>
  );
}
