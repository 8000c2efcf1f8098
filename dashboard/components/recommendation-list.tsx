/** Past tasks that are like one of now: how they ended, what was done, what to avoid. */
import type { Recommendation } from "../../orchestrator/api/learning-contract.ts";
import { clock, durationText, relativeText, usdText } from "../moments.ts";
import { follow, hrefTo } from "../router.ts";
import type { Tone } from "../statuses.ts";
import { Empty } from "./empty.tsx";

const verdicts: Record<Recommendation["outcome"], { word: string; tone: Tone }> = {
  success: { word: "worked", tone: "done" },
  failure: { word: "failed", tone: "failed" },
  unverified: { word: "not verified", tone: "idle" },
};

export function RecommendationList({ recommendations }: { recommendations: readonly Recommendation[] }) {
  if (recommendations.length === 0) return <Empty icon="memory" title="Nothing like it has run here" />;
  return (
    <ol class="recommendations">
      {recommendations.map((one) => (
        <li key={`${one.executionId} ${one.taskId}`} class="card">
          <header class="recommendation-head">
            <span class="pill" data-tone={verdicts[one.outcome].tone}>
              {verdicts[one.outcome].word}
            </span>
            <a href={hrefTo(`/executions/${one.executionId}?task=${encodeURIComponent(one.taskId)}`)} onClick={follow}>
              {one.title}
            </a>
            <span class="number muted">
              {Math.round(one.similarity * 100)} % similar · {durationText(one.durationSeconds)}
              {one.costUsd === null ? "" : ` · ${usdText(one.costUsd)}`}
              {one.times > 1 ? ` · ${one.times} times` : ""} · {relativeText(one.finishedAt, clock.value)} · {one.project}
            </span>
          </header>
          {one.commands.length === 0 ? null : <pre class="code">{one.commands.slice(0, 4).join("\n")}</pre>}
          {one.outcome === "failure" && one.errors[0] !== undefined ? (
            <p data-tone="failed" class="recommendation-avoid">
              Avoid: {one.errors[0]}
            </p>
          ) : null}
          {one.fixes.slice(0, 2).map((fix) => (
            <p key={fix.error}>
              After “{fix.error}” this helped: <code>{fix.steps.join("; ")}</code>
            </p>
          ))}
          {one.reasons.length === 0 ? null : <p class="muted">{one.reasons.join(", ")}</p>}
        </li>
      ))}
    </ol>
  );
}
