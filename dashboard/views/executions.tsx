/** What was handed off, newest first. */
import { useMemo, useState } from "preact/hooks";
import type { ExecutionList } from "../../orchestrator/api/contract.ts";
import { useAsked } from "../components/asked.ts";
import { Empty, Failure, Loading } from "../components/empty.tsx";
import { FindField } from "../components/find-field.tsx";
import { ProgressBar } from "../components/progress-bar.tsx";
import { ExecutionPill } from "../components/status-pill.tsx";
import { clock, durationText, relativeText } from "../moments.ts";
import { follow, hrefTo, search, setSearch } from "../router.ts";
import { client } from "../session.ts";
import { isActive, toneOfExecution } from "../statuses.ts";

type Row = ExecutionList["executions"][number];

const filters = {
  all: { name: "All", fits: () => true },
  active: { name: "Active", fits: ({ status }: Row) => isActive(status) },
  waiting: { name: "Waiting", fits: ({ status }: Row) => toneOfExecution(status) === "waiting" },
  failed: { name: "Failed", fits: ({ status }: Row) => status === "failed" },
  done: { name: "Done", fits: ({ status }: Row) => status === "completed" },
} as const;
type FilterName = keyof typeof filters;

const pageSize = 100;
const everyMs = 10_000;

export function Executions() {
  const [pages, setPages] = useState(1);
  const { answer, failure } = useAsked(() => readPages(pages), [pages], everyMs, true);
  const [words, setWords] = useState("");
  const chosen = search.value.get("show") ?? "all";
  const filter: FilterName = chosen in filters ? (chosen as FilterName) : "all";
  const rows = useMemo(() => {
    const wanted = words.toLowerCase().trim();
    return (answer?.executions ?? []).filter(
      (row) =>
        filters[filter].fits(row) &&
        (wanted === "" || `${row.title} ${row.workspace} ${row.executionId}`.toLowerCase().includes(wanted)),
    );
  }, [answer, filter, words]);

  return (
    <>
      <header class="page-head">
        <h1>Executions</h1>
        <FindField label="Find by name, folder or id" placeholder="Name, folder or id" value={words} onInput={setWords} />
      </header>
      <fieldset class="chips">
        <legend class="visually-hidden">Show</legend>
        {Object.entries(filters).map(([key, { name, fits }]) => (
          <button
            key={key}
            type="button"
            class="chip"
            aria-pressed={key === filter}
            onClick={() => setSearch("show", key === "all" ? undefined : key)}
          >
            {name}
            {answer === undefined ? null : <span class="chip-count">{answer.executions.filter(fits).length}</span>}
          </button>
        ))}
      </fieldset>
      {answer === undefined ? (
        failure === undefined ? (
          <Loading />
        ) : (
          <Failure text={failure} />
        )
      ) : rows.length === 0 ? (
        <Empty icon="list" title={answer.executions.length === 0 ? "Nothing was handed off yet" : "Nothing fits"}>
          {answer.executions.length === 0 ? (
            <>
              Say “Hand this plan off” in Claude Code, or run <code>longhaul run PLAN</code>.
            </>
          ) : undefined}
        </Empty>
      ) : (
        <ul class="cards">
          {rows.map((row) => (
            <ExecutionRow key={row.executionId} row={row} />
          ))}
        </ul>
      )}
      {answer?.nextCursor ? (
        <button type="button" class="wide-button" onClick={() => setPages(pages + 1)}>
          Show older ones
        </button>
      ) : null}
    </>
  );
}

async function readPages(count: number): Promise<ExecutionList> {
  const executions: Row[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < count; page += 1) {
    const next: ExecutionList = await client.list({ limit: pageSize, ...(cursor === null ? {} : { cursor }) });
    executions.push(...next.executions);
    cursor = next.nextCursor;
    if (cursor === null) break;
  }
  return { executions, nextCursor: cursor };
}

function ExecutionRow({ row }: { row: Row }) {
  const { executionId, title, status, reason, progress, workspace, createdAt, startedAt, finishedAt } = row;
  const tone = toneOfExecution(status);
  const endMs = finishedAt === null ? clock.value : Date.parse(finishedAt);
  const took = startedAt === null ? undefined : (endMs - Date.parse(startedAt)) / 1000;
  return (
    <li>
      <a class="card execution-row" href={hrefTo(`/executions/${executionId}`)} onClick={follow} data-tone={tone}>
        <span class="execution-name">
          <strong>{title}</strong>
          <span class="muted">{workspace.split("/").filter(Boolean).at(-1) ?? workspace}</span>
        </span>
        <ExecutionPill status={status} />
        <span class="execution-progress">
          <ProgressBar
            label={`Progress of ${title}`}
            counts={{
              [tone === "idle" ? "done" : tone === "waiting" || tone === "failed" ? tone : tone]: progress.current,
              idle: progress.total - progress.current,
            }}
          />
          <span class="number">
            {progress.current}/{progress.total}
          </span>
        </span>
        <span class="execution-when number">
          {took === undefined ? "not started" : durationText(took)}
          <span class="muted">{relativeText(createdAt, clock.value)}</span>
        </span>
        {reason === null ? null : (
          <span class="execution-reason" data-tone={tone}>
            {reason}
          </span>
        )}
      </a>
    </li>
  );
}
