/** Something asked from the orchestrator for a view: what is there, while it loads, and why it could not be had. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { whenExecutionsChange } from "../live/changes.ts";
import { errorText } from "./notice.tsx";

export type Asked<Answer> = { answer: Answer | undefined; failure: string | undefined; again: () => Promise<void> };

/**
 * Asks at once, when one of `dependencies` changes, and every `everyMs` while somebody looks; with `live` also when an execution changes. An old answer stays until the new one is there;
 * an answer that was overtaken by a later question is dropped.
 */
export function useAsked<Answer>(
  ask: () => Promise<Answer>,
  dependencies: readonly unknown[],
  everyMs?: number,
  live = false,
): Asked<Answer> {
  const [state, setState] = useState<{ answer?: Answer; failure?: string }>({});
  const question = useRef(0);
  const latest = useRef(ask);
  latest.current = ask;
  const again = useCallback(async () => {
    question.current += 1;
    const mine = question.current;
    try {
      const answer = await latest.current();
      if (mine === question.current) setState({ answer });
    } catch (error) {
      if (mine === question.current) setState((before) => ({ ...before, failure: errorText(error) }));
    }
  }, []);
  useEffect(() => {
    setState({});
    void again();
    return () => {
      question.current += 1;
    };
  }, dependencies);
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const look = () => {
      if (!document.hidden) void again();
    };
    const timer = setInterval(look, everyMs);
    document.addEventListener("visibilitychange", look);
    const unfollow = live ? whenExecutionsChange(merged(look)) : () => {};
    return () => {
      unfollow();
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [everyMs, live]);
  return { answer: state.answer, failure: state.failure, again };
}

const restMs = 250;

/** At once, and then at most four times a second, however often it is called. */
function merged(run: () => void): () => void {
  let rests = false;
  let again = false;
  const go = () => {
    if (rests) {
      again = true;
      return;
    }
    rests = true;
    run();
    setTimeout(() => {
      rests = false;
      if (again) {
        again = false;
        go();
      }
    }, restMs);
  };
  return go;
}
