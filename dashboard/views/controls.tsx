/** What a person can do to an execution as a whole. What cannot be taken back asks first. */
import { useState } from "preact/hooks";
import type { ControlRequest } from "../../orchestrator/api/contract.ts";
import { Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icon.tsx";
import { attempt, tell } from "../components/notice.tsx";
import type { Head, LiveExecution } from "../live/live-execution.ts";
import { client } from "../session.ts";
import { isActive } from "../statuses.ts";
import { EditPlan } from "./edit-plan.tsx";

const told: Record<ControlRequest["action"], string> = {
  pause: "Paused: running tasks end, no further one starts.",
  resume: "Goes on.",
  cancel: "Cancelled.",
  retry: "Failed tasks run again.",
  skip: "Skipped.",
};

export async function steer(live: LiveExecution, request: ControlRequest): Promise<void> {
  const answer = await attempt(() => client.control(live.id, request));
  if (answer !== undefined) tell(answer.changed ? told[request.action] : `It is ${answer.status} already.`);
}

export function Controls({ live, head }: { live: LiveExecution; head: Head }) {
  const [asks, setAsks] = useState(false);
  const [edits, setEdits] = useState(false);
  const active = isActive(head.status);
  return (
    <div class="controls">
      {active && head.status !== "paused" ? (
        <button type="button" onClick={() => void steer(live, { action: "pause" })}>
          <Icon name="pause" size={15} />
          Pause
        </button>
      ) : null}
      {head.status === "paused" ? (
        <button type="button" class="primary" onClick={() => void steer(live, { action: "resume" })}>
          <Icon name="play" size={15} />
          Resume
        </button>
      ) : null}
      {live.counts.failed > 0 || head.status === "cancelled" ? (
        <button type="button" onClick={() => void steer(live, { action: "retry" })}>
          <Icon name="retry" size={15} />
          Retry failed
        </button>
      ) : null}
      {active ? (
        <button type="button" onClick={() => setEdits(true)}>
          <Icon name="edit" size={15} />
          Change plan
        </button>
      ) : null}
      {edits ? <EditPlan live={live} onClose={() => setEdits(false)} /> : null}
      {active ? (
        <button type="button" class="danger" onClick={() => setAsks(true)}>
          <Icon name="stop" size={15} />
          Cancel
        </button>
      ) : null}
      {asks ? (
        <Dialog title="Cancel this execution?" onClose={() => setAsks(false)}>
          <p>Running tasks are killed. What is done stays done; a retry can take it up again later.</p>
          <div class="dialog-actions">
            <button type="button" onClick={() => setAsks(false)}>
              Leave it running
            </button>
            <button
              type="button"
              class="danger solid"
              onClick={() => {
                setAsks(false);
                void steer(live, { action: "cancel" });
              }}
            >
              Cancel it
            </button>
          </div>
        </Dialog>
      ) : null}
    </div>
  );
}
