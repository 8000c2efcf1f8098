/** What the orchestrator ran itself to check a task. Each can be run again and compared. */
import { useState } from "preact/hooks";
import { verifyAgain } from "../../client/verification.ts";
import type { Evidence } from "../../orchestrator/api/contract.ts";
import type { ReplayAnswer } from "../../orchestrator/api/verification-contract.ts";
import { durationText } from "../moments.ts";
import { client } from "../session.ts";
import { Icon } from "./icon.tsx";
import { attempt } from "./notice.tsx";

export function EvidenceList({
  executionId,
  taskId,
  evidence,
}: {
  executionId: string;
  taskId: string;
  evidence: readonly Evidence[];
}) {
  const [replay, setReplay] = useState<ReplayAnswer>();
  const [runs, setRuns] = useState(false);
  async function again(): Promise<void> {
    setRuns(true);
    setReplay(await attempt(() => verifyAgain(client, executionId, taskId)));
    setRuns(false);
  }
  return (
    <>
      <ul class="evidence">
        {evidence.map((one, index) => {
          const now = replay?.checks[index];
          return (
            <li key={`${one.criterion} ${one.logDigest}`} data-tone={one.passed ? "done" : "failed"}>
              <Icon name={one.passed ? "check" : "cross"} size={16} />
              <div>
                <p>
                  {one.anti ? "Not: " : ""}
                  {one.criterion} <span class="visually-hidden">{one.passed ? "passed" : "failed"}</span>
                </p>
                <code class="evidence-command">{one.argv.at(-1)}</code>
                <p class="muted number">
                  exit {one.exitCode ?? "none"} · {durationText(one.durationMs / 1000)}
                  {one.commit === null ? "" : ` · commit ${one.commit.slice(0, 8)}`} · log{" "}
                  {one.logDigest.replace("sha256:", "").slice(0, 12)}
                </p>
                {now === undefined ? null : (
                  <p class="evidence-now" data-tone={now.same ? "done" : "failed"}>
                    Run again: exit {now.now.exitCode ?? "none"}, {now.same ? "as before" : "not as before"}
                    {now.sameTree ? "" : ", on other files"}
                  </p>
                )}
              </div>
            </li>
          );
        })}
      </ul>
      <button type="button" class="small" disabled={runs} onClick={() => void again()}>
        <Icon name="retry" size={14} />
        {runs ? "Runs…" : "Run the checks again"}
      </button>
    </>
  );
}
