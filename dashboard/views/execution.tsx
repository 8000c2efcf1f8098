/** One execution: how it stands, what it waits for, and its tasks. */
import { useEffect, useState } from "preact/hooks";
import { Failure, Loading } from "../components/empty.tsx";
import { LiveExecution } from "../live/live-execution.ts";
import { ExecutionHead } from "./execution-head.tsx";
import { TaskTree } from "./task-tree.tsx";

export function Execution({ id }: { id: string }) {
  const [live, setLive] = useState<LiveExecution>();
  useEffect(() => {
    const next = new LiveExecution(id);
    setLive(next);
    return () => next.close();
  }, [id]);
  const head = live?.head.value;
  if (live === undefined || head === undefined) {
    const failure = live?.failure.value;
    return failure === undefined ? <Loading /> : <Failure text={failure} />;
  }
  return (
    <>
      <ExecutionHead live={live} head={head} />
      <TaskTree live={live} selected={undefined} onSelect={() => undefined} />
    </>
  );
}
