/**
 * Hook of SessionStart and UserPromptSubmit: what finished in this project or session since a session was last told, what waits for the
 * user, and at a prompt which past tasks are like it. Says nothing when there is nothing, or no orchestrator that answers at once.
 */
import { sep } from "node:path";
import { connectOrchestrator, hookInput } from "./orchestrator.mjs";
import { oneLine, quoted } from "./task-text.mjs";
import { openTold } from "./told.mjs";

/** Since the start of this process: a session must not feel it. */
const deadlineMs = Number(process.env.LONGHAUL_HOOK_MS) || 200;
const dayMs = 24 * 60 * 60 * 1000;
const mostLines = 5;
/** Shorter prompts say too little to be like anything. */
const shortestPrompt = 24;
const similarEnough = 0.6;

const { hook_event_name: event, session_id: session, cwd = process.cwd(), prompt = "" } = await hookInput();
const [ask, told] = await Promise.all([connectOrchestrator(deadlineMs), openTold()]);
const isStart = event === "SessionStart";
// Without a memory every prompt would bring the same again.
if (ask !== undefined && (isStart || told !== undefined)) await tell();

async function tell() {
  const searches = !isStart && prompt.length >= shortestPrompt && !prompt.startsWith("/");
  const query = new URLSearchParams({ q: prompt.slice(0, 2000), limit: "2" });
  const [list, approvals, actions, similar] = await Promise.all([
    ask("/api/executions?limit=50"),
    ask("/api/approvals"),
    ask("/api/actions/pending"),
    searches ? ask(`/api/recommendations?${query}`) : undefined,
  ]);
  const fresh = ({ key }) => told?.has(key) !== true;
  const ended = (list?.executions ?? []).filter(isOurs).filter(isRecent).map(endedNews).filter(fresh);
  const waiting = waitingNews(approvals?.approvals ?? [], actions?.actions ?? []);
  const waits = isStart ? waiting : waiting.filter(fresh);
  const like = (similar?.recommendations ?? [])
    .filter((one) => one.similarity >= similarEnough)
    .map(similarNews)
    .filter(fresh);
  const news = [...ended, ...waits, ...like];
  if (news.length === 0) return;

  const lines = [
    ...section("Finished in the background:", ended),
    ...section("Waits for the user (the tool approve asks the user about it):", waits),
    ...section("Similar work of the past (the tool recommend tells more):", like),
  ];
  const context = `Longhaul, which runs plans in the background, reports this; mention what matters to the user in a sentence.\n${quoted(lines)}`;
  const parts = [
    ...ended.slice(0, 3).map(({ text }) => text),
    ...(waits.length === 0 ? [] : [`${waits.length} waiting for you (/longhaul:inbox)`]),
  ];
  const hookSpecificOutput = { hookEventName: event, additionalContext: context };
  const systemMessage = parts.length === 0 ? {} : { systemMessage: `Longhaul: ${parts.join("; ")}` };
  await told?.add(news.map(({ key }) => key)).catch(() => undefined);
  process.stdout.write(JSON.stringify({ hookSpecificOutput, ...systemMessage }));
}

/** Of this session, or of the project that it is in. */
function isOurs({ conversationId, workspace }) {
  const within = (inner, outer) => inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : `${outer}${sep}`);
  return conversationId === session || within(workspace, cwd) || within(cwd, workspace);
}

/** A plugin that is new does not bring up the past. */
function isRecent({ finishedAt }) {
  return finishedAt !== null && Date.parse(finishedAt) > Date.now() - (told?.isEmpty === false ? 7 : 1) * dayMs;
}

function endedNews({ executionId, title, status, progress, finishedAt }) {
  const text = `${oneLine(title)} ${status}, ${progress.current} of ${progress.total} tasks done`;
  return { key: `ended ${executionId} ${finishedAt}`, text, line: `${text} (${executionId})` };
}

/** An approval is among the actions too. */
function waitingNews(approvals, actions) {
  const approved = new Set(approvals.map(({ executionId, taskId }) => `${executionId} ${taskId}`));
  return [
    ...approvals.map(({ id, title, executionTitle, executionId }) => ({
      key: `approval ${id}`,
      line: `approval: ${oneLine(title)}, of ${oneLine(executionTitle)} (${executionId})`,
    })),
    ...actions
      .filter(({ executionId, taskId }) => !approved.has(`${executionId} ${taskId}`))
      .map(({ id, title, executionTitle, executionId }) => ({
        key: `action ${id}`,
        line: `only the user can do it: ${oneLine(title)}, of ${oneLine(executionTitle)} (${executionId})`,
      })),
  ];
}

function similarNews({ executionId, taskId, title, outcome, similarity, durationSeconds, commands }) {
  const verdict = { success: "it worked", failure: "it FAILED" }[outcome] ?? "nobody verified it";
  const run = commands.length === 0 ? "" : `, by: ${oneLine(commands.slice(0, 2).join("; "), 160)}`;
  const minutes = Math.max(1, Math.round(durationSeconds / 60));
  return {
    key: `similar ${session} ${executionId} ${taskId}`,
    line: `${Math.round(similarity * 100)} % similar: "${oneLine(title)}", ${verdict}, ${minutes} min${run}`,
  };
}

function section(title, news) {
  if (news.length === 0) return [];
  const rest = news.length > mostLines ? [`… and ${news.length - mostLines} more`] : [];
  return [title, ...news.slice(0, mostLines).map(({ line }) => `- ${line}`), ...rest];
}
