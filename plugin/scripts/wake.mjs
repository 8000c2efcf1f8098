/**
 * Hook after a hand-off, in the background: wakes an idle session when the execution ends or needs the user. Where the session follows the
 * execution as a task of its own it is told by that, and this ends at once.
 * Exit code 2 wakes the session with what stands on standard error.
 */
import { setTimeout as delay } from "node:timers/promises";
import { connectOrchestrator, hookInput } from "./orchestrator.mjs";
import { oneLine } from "./task-text.mjs";

const timeoutMs = 5_000;
const pollMs = 2_000;
/** An orchestrator that restarts is back sooner than that. */
const longestSilenceMs = 120_000;

const { tool_response: response } = await hookInput();
const executionId = followed(response);
// Nobody is there to be told, and such a session ends with its answer.
const isAttended = process.env.CLAUDE_CODE_SESSION_ATTENDED !== "0";
if (executionId !== undefined && isAttended) process.exitCode = await untilNews(executionId);

/** The execution, when the session got its handle and nothing else. */
function followed(given) {
  const text = JSON.stringify(given ?? "");
  if (/running in the background as task|"resultType":\s*\\*"task/.test(text)) return undefined;
  return /executionId\\*":\s*\\*"([0-9a-f-]{36})/.exec(text)?.[1];
}

async function untilNews(id) {
  let heardAt = performance.now();
  while (performance.now() - heardAt < longestSilenceMs) {
    const ask = await connectOrchestrator(performance.now() + timeoutMs);
    const execution = await ask?.(`/api/executions/${id}/status`);
    if (execution !== undefined) {
      heardAt = performance.now();
      const { title, status, progress, blockers, runningTasks, finishedAt } = execution;
      const standing = `Longhaul: ${oneLine(title)} (${id}) is ${status}, ${progress.current} of ${progress.total} tasks done.`;
      if (finishedAt !== null) return wakeWith(`${standing} Look at it with the tool status and tell the user.`);
      if (runningTasks.length === 0 && blockers.length > 0)
        return wakeWith(`${standing} It waits for the user: bring it before the user with the tool approve.`);
    }
    await delay(pollMs);
  }
  return 0;
}

function wakeWith(message) {
  process.stderr.write(`${message}\n`);
  return 2;
}
