/** Gates and evidence of the whole execution: what was checked, and what it said. */
import { useEffect } from "preact/hooks";
import { gatesOf } from "../../client/verification.ts";
import { useAsked } from "../components/asked.ts";
import { Empty, Failure, Loading } from "../components/empty.tsx";
import { VirtualList } from "../components/virtual-list.tsx";
import type { LiveExecution } from "../live/live-execution.ts";
import { durationText, timeText } from "../moments.ts";
import { client } from "../session.ts";
import type { Tone } from "../statuses.ts";

type ChecksProps = { live: LiveExecution; onSelect: (taskId: string) => void };

const gateTones = { passed: "done", failed: "failed", warned: "waiting" } as const satisfies Record<string, Tone>;
const rowHeight = 44;

export function Checks({ live, onSelect }: ChecksProps) {
  void live.structure.value;
  const gates = useAsked(() => gatesOf(client, live.id), [live], 5000);
  // Evidence is in the answer about the whole execution, not in its events.
  const settled = live.counts.done + live.counts.failed;
  useEffect(() => {
    void live.reload().catch(() => undefined);
  }, [live, live.tasks.length > 2000 ? 0 : settled]);
  const evidence = live.tasks.flatMap((task) => task.evidence.map((one) => ({ task, one })));
  if (gates.answer === undefined) return gates.failure === undefined ? <Loading /> : <Failure text={gates.failure} />;
  const passed = evidence.filter(({ one }) => one.passed).length;
  return (
    <div class="stack">
      <section aria-label="Evidence" class="stack">
        <h2>
          Evidence <span class="muted number">{evidence.length === 0 ? "" : `${passed} of ${evidence.length} passed`}</span>
        </h2>
        {evidence.length === 0 ? (
          <Empty icon="check" title="Nothing was checked yet">
            A task says with <code>Verify:</code> what Longhaul runs itself to believe it.
          </Empty>
        ) : (
          <VirtualList
            count={evidence.length}
            rowHeight={rowHeight}
            maxHeight="48vh"
            className="boxed"
            attributes={{ role: "list", "aria-label": "Evidence" }}
            row={(index) => {
              const row = evidence[index];
              return row === undefined ? null : (
                <div role="listitem" class="event-item">
                  <button type="button" class="check-row" onClick={() => onSelect(row.task.id)}>
                    <span class="pill" data-tone={row.one.passed ? "done" : "failed"}>
                      {row.one.passed ? "passed" : "failed"}
                    </span>
                    <span class="mono muted">{row.task.displayId}</span>
                    <span class="check-what">{row.one.criterion}</span>
                    <span class="muted number">
                      exit {row.one.exitCode ?? "none"} · {durationText(row.one.durationMs / 1000)}
                    </span>
                  </button>
                </div>
              );
            }}
          />
        )}
      </section>
      {gates.answer.gates.length === 0 ? null : (
        <section aria-label="Gates" class="stack">
          <h2>Gates</h2>
          <ul class="boxed">
            {gates.answer.gates.map((gate) => (
              <li key={`${gate.taskId} ${gate.attempt} ${gate.trigger} ${gate.gate} ${gate.at}`} class="event-item">
                <button type="button" class="check-row" onClick={() => onSelect(gate.taskId)}>
                  <span class="pill" data-tone={gateTones[gate.status]}>
                    {gate.status}
                  </span>
                  <span class="mono muted">{gate.taskId}</span>
                  <span class="check-what">
                    {gate.trigger} · {gate.gate}: {gate.message}
                  </span>
                  <span class="muted number">{timeText(gate.at)}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
