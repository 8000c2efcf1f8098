/** What similar tasks were like, and whether knowing it helps. */
import { learningReport, recommendations } from "../../client/learning.ts";
import { recommendationLines } from "../../client/recommendation-text.ts";
import type { LearningReport } from "../../orchestrator/api/learning-contract.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Session } from "../session.ts";
import { answer } from "../terminal.ts";

export async function recommend(
  session: Session,
  text: string,
  flags: { json?: boolean; limit?: number; project?: string },
): Promise<number> {
  const { limit, project } = flags;
  const found = await recommendations(await session.client(), {
    q: text,
    ...(limit === undefined ? {} : { limit }),
    ...(project === undefined ? {} : { project }),
  });
  answer(flags.json === true, found, () =>
    found.recommendations.length === 0 ? ["Nothing like it was done before."] : recommendationLines(found.recommendations),
  );
  return exitCodes.ok;
}

export async function learning(session: Session, flags: { json?: boolean }): Promise<number> {
  const report = await learningReport(await session.client());
  answer(flags.json === true, report, () => reportLines(report));
  return exitCodes.ok;
}

type Lift = LearningReport["lift"];

function reportLines({ patterns, outcomes, index, holdout, lift }: LearningReport): string[] {
  const parts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  return [
    `${patterns} patterns${parts.length === 0 ? "" : ` (${parts.join(", ")})`}, found through ${index}`,
    `${Math.round(holdout * 100)} % of agent tasks are told nothing, to see whether telling helps:`,
    `  told      ${groupText(lift.told)}`,
    `  withheld  ${groupText(lift.withheld)}`,
    `  success   ${intervalText(lift.successPoints, (value) => `${value >= 0 ? "+" : ""}${value.toFixed(1)} points`)}`,
    `  duration  ${intervalText(lift.durationRatio, (value) => `× ${value.toFixed(2)}`)}`,
    `  cost      ${intervalText(lift.costRatio, (value) => `× ${value.toFixed(2)}`)}`,
    estimateText(lift.estimates),
  ];
}

const groupText = ({ tasks, judged, succeeded }: Lift["told"]) =>
  `${tasks} tasks${judged === 0 ? ", none verified" : `, ${succeeded} of ${judged} verified ones succeeded`}`;

const intervalText = (interval: Lift["successPoints"], text: (value: number) => string) =>
  interval === null ? "not known yet" : `${text(interval.value)} (95 %: ${text(interval.low)} to ${text(interval.high)})`;

const estimateText = ({ tasks, medianErrorPercent, withinFactorTwo }: Lift["estimates"]) =>
  medianErrorPercent === null || withinFactorTwo === null
    ? "Estimates from history: none yet that could be compared."
    : `Estimates from history: ${tasks}, off by ${Math.round(medianErrorPercent)} % in the median, ${Math.round(withinFactorTwo * 100)} % within a factor of two.`;
