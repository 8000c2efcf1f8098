/** What tasks print and agents say, as it comes; of all tasks or of one. Follows the end until somebody scrolls up. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Event } from "../../orchestrator/api/contract.ts";
import { Empty, Loading } from "../components/empty.tsx";
import { FindField } from "../components/find-field.tsx";
import { attempt } from "../components/notice.tsx";
import { VirtualList } from "../components/virtual-list.tsx";
import type { LiveExecution } from "../live/live-execution.ts";
import { LogLines } from "../live/log-lines.ts";
import { timeText } from "../moments.ts";
import { client } from "../session.ts";

const lineHeight = 21;
/** Events read from before the page was opened. */
const backlog = 1000;

export type LogProps = { live: LiveExecution; taskId: string | undefined; maxHeight?: string };

export function Log({ live, taskId, maxHeight = "68vh" }: LogProps) {
  const [log, setLog] = useState<LogLines>();
  const [words, setWords] = useState("");
  useEffect(() => {
    let isCurrent = true;
    void attempt(() => readBacklog(live, taskId)).then((events) => {
      if (!isCurrent) return;
      const next = new LogLines();
      next.add(events ?? []);
      setLog(next);
    });
    return () => {
      isCurrent = false;
    };
  }, [live, taskId]);
  const revision = live.revision.value;
  const lines = useMemo(() => {
    if (log === undefined) return [];
    log.add(taskId === undefined ? live.recent : live.recent.filter((event) => event.taskId === taskId));
    const wanted = words.trim().toLowerCase();
    return wanted === "" ? log.lines : log.lines.filter(({ text, taskId: id }) => `${id} ${text}`.toLowerCase().includes(wanted));
  }, [log, revision, words]);

  if (log === undefined) return <Loading />;
  return (
    <section aria-label="Log" class="log">
      <div class="tools">
        <span class="muted number">{lines.length.toLocaleString()} lines</span>
        <FindField label="Find in the log" value={words} onInput={setWords} />
      </div>
      {lines.length === 0 ? (
        <Empty icon="list" title={words === "" ? "Nothing was printed yet" : "Nothing fits"} />
      ) : (
        <VirtualList
          count={lines.length}
          rowHeight={lineHeight}
          maxHeight={maxHeight}
          follow
          className="log-lines"
          attributes={{ role: "log", "aria-live": "off", "aria-label": "Output", tabIndex: 0 }}
          row={(index) => {
            const line = lines[index];
            return line === undefined ? null : (
              <div class="log-line" data-kind={line.kind}>
                <time class="log-time number" dateTime={line.at}>
                  {timeText(line.at)}
                </time>
                {taskId === undefined ? <span class="log-task">{line.taskId}</span> : null}
                <span class="log-text">{line.text}</span>
              </div>
            );
          }}
        />
      )}
    </section>
  );
}

/** The last events before the live ones; of one task all of them, because its own are few. */
async function readBacklog(live: LiveExecution, taskId: string | undefined): Promise<Event[]> {
  const until = live.recent[0]?.seq ?? live.lastSeq + 1;
  if (taskId === undefined) {
    const { events } = await client.events(live.id, { after: Math.max(0, until - 1 - backlog), limit: backlog });
    return events.filter((event) => event.seq < until);
  }
  const events: Event[] = [];
  for (let after = 0; events.length < 10 * backlog; ) {
    const page = await client.events(live.id, { after, limit: backlog, taskId });
    events.push(...page.events.filter((event) => event.seq < until));
    after = page.events.at(-1)?.seq ?? until;
    if (page.events.length < backlog || after >= until) break;
  }
  return events;
}
