/** The last step of a preview: where and how the plan is to run. */
import { useState } from "preact/hooks";
import type { HandoffInput, PreviewRequest, PreviewResponse } from "../../orchestrator/api/contract.ts";
import { Icon } from "../components/icon.tsx";
import { attempt, tell } from "../components/notice.tsx";
import { navigate } from "../router.ts";
import { client } from "../session.ts";

type Options = NonNullable<HandoffInput["options"]>;

const approvalModes = { auto: "never", checkpoints: "at each phase and deployment", final: "before the end" } as const;

export function HandOff({ request, preview }: { request: PreviewRequest; preview: PreviewResponse }) {
  const [workspace, setWorkspace] = useState(preview.plan.metadata.workspace ?? "");
  const [approvalMode, setApprovalMode] = useState<keyof typeof approvalModes>("auto");
  const [priority, setPriority] = useState<NonNullable<Options["priority"]>>("normal");
  const [usd, setUsd] = useState("");
  const [confirmExternal, setConfirmExternal] = useState(false);
  const [busy, setBusy] = useState(false);
  const isExternal = preview.plan.externalRefs.length > 0;

  async function handOff(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    const options: Options = { approvalMode, priority, confirmExternal };
    if (workspace.trim() !== "") options.workspace = workspace.trim();
    if (Number(usd) > 0) options.budget = { usd: Number(usd) };
    const { path, text, plan, format, parameters } = request;
    if (format !== undefined) options.format = format;
    if (parameters !== undefined) options.parameters = parameters;
    const answer = await attempt(() => client.handoff({ path, text, plan, options } as HandoffInput));
    setBusy(false);
    if (answer === undefined) return;
    tell(`Handed off: ${answer.tasks} tasks.`);
    navigate(`/executions/${answer.executionId}`);
  }

  return (
    <form class="card hand-off" onSubmit={(event) => void handOff(event)}>
      <h2>{preview.plan.title}</h2>
      <div class="hand-off-fields">
        <label class="field hand-off-folder">
          <span>Folder the tasks run in</span>
          <input
            class="mono"
            placeholder="a new one"
            value={workspace}
            onInput={(event) => setWorkspace(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>Ask me</span>
          <select
            value={approvalMode}
            onChange={(event) => setApprovalMode(event.currentTarget.value as keyof typeof approvalModes)}
          >
            {Object.entries(approvalModes).map(([mode, name]) => (
              <option key={mode} value={mode}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>Priority</span>
          <select value={priority} onChange={(event) => setPriority(event.currentTarget.value as typeof priority)}>
            {["low", "normal", "high"].map((level) => (
              <option key={level} value={level}>
                {level}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>Budget, US dollars</span>
          <input
            type="number"
            min="0"
            step="any"
            inputMode="decimal"
            placeholder="none"
            value={usd}
            onInput={(event) => setUsd(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary" disabled={busy}>
          <Icon name="play" size={15} />
          {busy ? "Hands off…" : "Hand off"}
        </button>
      </div>
      {isExternal ? (
        <label class="check">
          <input
            type="checkbox"
            checked={confirmExternal}
            onChange={(event) => setConfirmExternal(event.currentTarget.checked)}
          />
          What it depends on outside this plan is fulfilled:{" "}
          {preview.plan.externalRefs
            .slice(0, 5)
            .map(({ ref }) => ref)
            .join(", ")}
        </label>
      ) : null}
    </form>
  );
}
