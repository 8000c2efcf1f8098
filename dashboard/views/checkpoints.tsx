/** What was kept before and after each task, and going back to it. What would change is shown first, always. */
import { useState } from "preact/hooks";
import { checkpointsOf, rollBack } from "../../client/workspace.ts";
import type { CheckpointsAnswer, RollbackAnswer, RollbackInput } from "../../orchestrator/api/workspace-contract.ts";
import { useAsked } from "../components/asked.ts";
import { Dialog } from "../components/dialog.tsx";
import { Empty, Failure, Loading } from "../components/empty.tsx";
import { Icon } from "../components/icon.tsx";
import { attempt, tell } from "../components/notice.tsx";
import { VirtualList } from "../components/virtual-list.tsx";
import type { LiveExecution } from "../live/live-execution.ts";
import { dateText, timeText } from "../moments.ts";
import { client } from "../session.ts";
import { statusWord, type TaskStatus } from "../statuses.ts";

type Checkpoint = CheckpointsAnswer["checkpoints"][number];
type Wanted = { request: RollbackInput; shown: RollbackAnswer };

const rowHeight = 46;

export function Checkpoints({ live }: { live: LiveExecution }) {
  const { answer, failure, again } = useAsked(() => checkpointsOf(client, live.id), [live], 5000);
  const [wanted, setWanted] = useState<Wanted>();
  const [looks, setLooks] = useState(false);
  async function look(request: RollbackInput): Promise<void> {
    setLooks(true);
    const shown = await attempt(() => rollBack(client, live.id, { ...request, dryRun: true }));
    setLooks(false);
    if (shown !== undefined) setWanted({ request, shown });
  }
  async function goBack({ request }: Wanted): Promise<void> {
    setWanted(undefined);
    const done = await attempt(() => rollBack(client, live.id, request));
    if (done === undefined) return;
    tell(
      `${request.undo === true ? "Taken back" : "Rolled back"}: ${done.fileCount} files, ${done.tasks.length} tasks. It is paused now.`,
    );
    await again();
  }
  if (answer === undefined) return failure === undefined ? <Loading /> : <Failure text={failure} />;
  const { checkpoints, rollbacks } = answer;
  const last = rollbacks.filter(({ status }) => status === "done").at(-1);
  const newestFirst = [...checkpoints].reverse();
  return (
    <section aria-label="Checkpoints" class="stack">
      {last === undefined ? null : (
        <p class="boxed note">
          Rollback {last.number} to {last.target}, {dateText(last.at)}.
          <button type="button" class="small" disabled={looks} onClick={() => void look({ undo: true })}>
            <Icon name="back" size={14} />
            Take it back…
          </button>
        </p>
      )}
      {newestFirst.length === 0 ? (
        <Empty icon="back" title="No checkpoint yet">
          Files and state are kept before and after each task.
        </Empty>
      ) : (
        <VirtualList
          count={newestFirst.length}
          rowHeight={rowHeight}
          maxHeight="62vh"
          className="boxed"
          attributes={{ role: "list", "aria-label": "Checkpoints, newest first" }}
          row={(index) => {
            const one = newestFirst[index];
            return one === undefined ? null : (
              <Row live={live} one={one} isBusy={looks} onLook={() => void look(requestFor(one))} />
            );
          }}
        />
      )}
      {wanted === undefined ? null : (
        <Preview live={live} wanted={wanted} onClose={() => setWanted(undefined)} onGo={() => void goBack(wanted)} />
      )}
    </section>
  );
}

const requestFor = ({ taskId, attempt: which, moment }: Checkpoint): RollbackInput => ({ to: taskId, attempt: which, moment });

type RowProps = { live: LiveExecution; one: Checkpoint; isBusy: boolean; onLook: () => void };

function Row({ live, one, isBusy, onLook }: RowProps) {
  const title = live.task(one.taskId)?.title ?? "";
  return (
    <div role="listitem" class="checkpoint">
      <span class="muted number">{timeText(one.at)}</span>
      <span class="check-what">
        {one.moment} <span class="mono">{one.taskId}</span> {title}
        {one.attempt > 1 ? <span class="muted"> attempt {one.attempt}</span> : null}
        {one.problem === null ? null : <span class="muted"> without files: {one.problem}</span>}
      </span>
      {one.tree === null ? null : <span class="mono muted checkpoint-tree">{one.tree.slice(0, 10)}</span>}
      <button
        type="button"
        class="small"
        disabled={isBusy}
        aria-label={`Go back to ${one.moment} ${one.taskId}`}
        onClick={onLook}
      >
        <Icon name="back" size={14} />
        Go back…
      </button>
    </div>
  );
}

const signs = { added: "+", deleted: "−", modified: "~" } as const;
const mostFiles = 200;
const words = (status: string): string => statusWord(status as TaskStatus);

function Preview({
  live,
  wanted,
  onClose,
  onGo,
}: {
  live: LiveExecution;
  wanted: Wanted;
  onClose: () => void;
  onGo: () => void;
}) {
  const { shown, request } = wanted;
  const nothing = shown.fileCount === 0 && shown.tasks.length === 0;
  void live.revision.value;
  const runs = live.counts.active;
  return (
    <Dialog
      title={request.undo === true ? "Take the last rollback back" : `Go back to ${request.moment} ${request.to}`}
      wide
      onClose={onClose}
    >
      <p>
        {nothing ? "Nothing would change." : "This would change, and the execution would be paused:"}{" "}
        <span class="muted mono">{shown.workspace}</span>
      </p>
      {shown.fileCount === 0 ? null : (
        <section>
          <h3>{shown.fileCount} files</h3>
          <ul class="boxed files" tabIndex={0} aria-label="Files that would change">
            {shown.files.slice(0, mostFiles).map((file) => (
              <li key={file.path} class="mono" data-change={file.change}>
                <span aria-hidden="true">{signs[file.change]}</span>
                <span class="visually-hidden">{file.change}</span> {file.path}{" "}
                <span class="muted">{file.insertions === null ? "binary" : `+${file.insertions} −${file.deletions ?? 0}`}</span>
              </li>
            ))}
          </ul>
          {shown.fileCount > mostFiles ? <p class="muted">and {shown.fileCount - mostFiles} more</p> : null}
        </section>
      )}
      {shown.tasks.length === 0 ? null : (
        <section>
          <h3>{shown.tasks.length} tasks</h3>
          <ul class="boxed files" tabIndex={0} aria-label="Tasks that would change">
            {shown.tasks.slice(0, mostFiles).map((task) => (
              <li key={task.id}>
                <span class="mono muted">{task.id}</span> {task.title}: {words(task.status)} →{" "}
                <strong>{words(task.becomes)}</strong>
              </li>
            ))}
          </ul>
        </section>
      )}
      {runs === 0 || nothing ? null : (
        <p class="panel-message" data-tone="waiting">
          {runs === 1 ? "A task is" : `${runs} tasks are`} running and would write into what is put back: pause the execution and
          wait for {runs === 1 ? "it" : "them"} first.
        </p>
      )}
      <div class="dialog-actions">
        <button type="button" onClick={onClose}>
          Leave everything
        </button>
        <button type="button" class="danger solid" disabled={nothing || runs > 0} onClick={onGo}>
          {request.undo === true ? "Take it back" : "Roll back"}
        </button>
      </div>
    </Dialog>
  );
}
