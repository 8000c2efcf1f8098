/**
 * The whole event log, from the first to the last. Sequence numbers have no gaps, so row n is event n + 1: only the pages that are looked at
 * are read, however long the log is.
 */
import { useCallback, useEffect, useReducer, useRef, useState } from "preact/hooks";
import type { Event } from "../../orchestrator/api/contract.ts";
import { Empty } from "../components/empty.tsx";
import { attempt } from "../components/notice.tsx";
import { VirtualList } from "../components/virtual-list.tsx";
import type { LiveExecution } from "../live/live-execution.ts";
import { timeText } from "../moments.ts";
import { client } from "../session.ts";
import type { Tone } from "../statuses.ts";

const rowHeight = 30;
const pageSize = 200;

type EventLogProps = { live: LiveExecution; onSelect: (taskId: string) => void };

export function EventLog({ live, onSelect }: EventLogProps) {
  void live.revision.value;
  const pages = useRef(new Map<number, Event[]>());
  const asked = useRef(new Set<number>());
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const [opened, setOpened] = useState<Event>();

  const onRange = useCallback(
    (first: number, last: number) => {
      for (let page = Math.floor(first / pageSize); page <= Math.floor(last / pageSize); page += 1) {
        const firstRecent = live.recent[0]?.seq ?? Number.POSITIVE_INFINITY;
        if (asked.current.has(page) || page * pageSize + 1 >= firstRecent) continue;
        asked.current.add(page);
        void attempt(() => client.events(live.id, { after: page * pageSize, limit: pageSize })).then((answer) => {
          if (answer === undefined) asked.current.delete(page);
          else pages.current.set(page, answer.events);
          redraw(undefined);
        });
      }
    },
    [live],
  );
  useEffect(() => onRange(Math.max(0, live.lastSeq - 50), live.lastSeq), [live, onRange]);

  const eventAt = (seq: number): Event | undefined => {
    const firstRecent = live.recent[0]?.seq;
    if (firstRecent !== undefined && seq >= firstRecent) return live.recent[seq - firstRecent];
    const page = pages.current.get(Math.floor((seq - 1) / pageSize));
    return page?.find((event) => event.seq === seq);
  };

  if (live.lastSeq === 0) return <Empty icon="list" title="Nothing has happened yet" />;
  return (
    <section aria-label="Events" class="events">
      <p class="muted number events-count">{live.lastSeq.toLocaleString()} events</p>
      <VirtualList
        count={live.lastSeq}
        rowHeight={rowHeight}
        maxHeight="66vh"
        follow
        onRange={onRange}
        className="event-rows"
        attributes={{ role: "list", "aria-label": "Events", tabIndex: 0 }}
        row={(index) => {
          const event = eventAt(index + 1);
          return (
            <div role="listitem" class="event-item">
              {event === undefined ? (
                <span class="event-row muted">{index + 1}</span>
              ) : (
                <button
                  type="button"
                  class="event-row"
                  aria-expanded={opened?.seq === event.seq}
                  onClick={() => setOpened(event)}
                >
                  <span class="event-seq number muted">{event.seq}</span>
                  <time class="number muted" dateTime={event.at}>
                    {timeText(event.at)}
                  </time>
                  <span class="event-type" data-tone={toneOf(event.type)}>
                    {event.type}
                  </span>
                  <span class="event-task mono">{event.taskId ?? ""}</span>
                  <span class="event-text muted">{summaryOf(event)}</span>
                </button>
              )}
            </div>
          );
        }}
      />
      {opened === undefined ? null : (
        <aside class="event-detail" aria-label={`Event ${opened.seq}`}>
          <header class="dialog-head">
            <h3>
              {opened.type} <span class="muted number">#{opened.seq}</span>
            </h3>
            <span class="dialog-actions">
              {opened.taskId === null ? null : (
                <button type="button" class="small" onClick={() => onSelect(opened.taskId as string)}>
                  Show task {opened.taskId}
                </button>
              )}
              <button type="button" class="small" onClick={() => setOpened(undefined)}>
                Close
              </button>
            </span>
          </header>
          <pre>{JSON.stringify(opened, null, 2)}</pre>
        </aside>
      )}
    </section>
  );
}

function summaryOf({ data }: Event): string {
  const text = data["message"] ?? data["reason"] ?? data["text"] ?? data["title"];
  if (typeof text === "string") return text.slice(0, 200);
  const facts = Object.entries(data).filter(([, value]) => typeof value !== "object");
  return facts.map(([name, value]) => `${name} ${String(value)}`).join(", ");
}

function toneOf(type: Event["type"]): Tone {
  if (/completed|passed|verified|approved|landed|recovered/.test(type)) return "done";
  if (/failed|rejected|exhausted/.test(type)) return "failed";
  if (/awaiting|blocked|paused|halted|approval|warn|expir|suspended/.test(type)) return "waiting";
  if (/started|resumed|verifying|adopted|fixing/.test(type)) return "active";
  return /retr/.test(type) ? "retry" : "idle";
}
