/** What similar tasks of the past were like, and whether being told so helps. */
import { useState } from "preact/hooks";
import { learningReport, recommendations } from "../../client/learning.ts";
import type { LearningReport } from "../../orchestrator/api/learning-contract.ts";
import { useAsked } from "../components/asked.ts";
import { Failure } from "../components/empty.tsx";
import { FindField } from "../components/find-field.tsx";
import { RecommendationList } from "../components/recommendation-list.tsx";
import { durationText } from "../moments.ts";
import { search, setSearch } from "../router.ts";
import { client } from "../session.ts";

const howMany = 8;

export function Recommendations() {
  const asked = search.value.get("q") ?? "";
  const [words, setWords] = useState(asked);
  const found = useAsked(
    () => (asked === "" ? Promise.resolve(undefined) : recommendations(client, { q: asked, limit: howMany })),
    [asked],
  );
  const report = useAsked(() => learningReport(client), []);
  return (
    <>
      <header class="page-head">
        <h1>Memory</h1>
        <p>What tasks did and how they ended, found again by what is to be done. Claude is told the same at every hand-off.</p>
      </header>
      <form
        class="ask"
        onSubmit={(event) => {
          event.preventDefault();
          setSearch("q", words.trim() === "" ? undefined : words.trim());
        }}
      >
        <FindField
          label="What is to be done"
          placeholder="What is to be done, e.g. deploy a minio container"
          value={words}
          onInput={setWords}
          wide
        />
        <button type="submit" class="primary">
          Look
        </button>
      </form>
      {found.failure === undefined ? null : <Failure text={found.failure} />}
      {found.answer === undefined ? null : (
        <>
          {found.answer.estimatedSeconds === null ? null : (
            <p class="ask-answer">
              Such tasks took about <strong class="number">{durationText(found.answer.estimatedSeconds)}</strong> where they went
              well.
            </p>
          )}
          <RecommendationList recommendations={found.answer.recommendations} />
        </>
      )}
      {report.answer === undefined ? null : <Learned report={report.answer} />}
    </>
  );
}

function Learned({ report }: { report: LearningReport }) {
  const { lift } = report;
  const points = lift.successPoints;
  return (
    <section aria-label="What was learned" class="stack learned">
      <h2>What was learned</h2>
      <dl class="facts">
        <div class="fact">
          <dt>Patterns</dt>
          <dd class="number">
            {report.patterns.toLocaleString()} <span class="muted">{report.index}</span>
          </dd>
        </div>
        {Object.entries(report.outcomes).map(([outcome, count]) => (
          <div class="fact" key={outcome}>
            <dt>{outcome}</dt>
            <dd class="number">{count.toLocaleString()}</dd>
          </div>
        ))}
        <div class="fact">
          <dt>Difference that it makes</dt>
          <dd class="number">
            {points === null ? "–" : `${points.value > 0 ? "+" : ""}${Math.round(points.value)} points`}{" "}
            <span class="muted">
              {points === null
                ? `too few compared tasks yet (${lift.told.judged} told, ${lift.withheld.judged} not)`
                : `of success, ${Math.round(points.low)} to ${Math.round(points.high)}`}
            </span>
          </dd>
        </div>
      </dl>
    </section>
  );
}
