/** What goes ahead with an approval, in lines for the person and for the model; a dialog shows the first ones and folds the others. */
import type { Approval } from "../orchestrator/api/approval-contract.ts";

const mostUnlocked = 10;
const mostResults = 5;
const longestLine = 200;

export function approvalLines({ subject }: Approval): string[] {
  const { unlocks, results } = subject;
  return [
    ...unlocks.slice(0, mostUnlocked).map((task) => `Then ${task.title}: ${task.does.slice(0, longestLine)}`),
    ...more(unlocks.length - mostUnlocked, "tasks would go ahead"),
    ...(subject.why === null ? [] : [`Why: ${subject.why.slice(0, longestLine)}`]),
    ...results.slice(0, mostResults).map(({ id, summary }) => `${id} reported: ${(summary ?? "").slice(0, longestLine)}`),
    ...more(results.length - mostResults, "tasks reported"),
    `On commit ${subject.commit ?? "none"}, files ${subject.tree ?? "not known"}, in ${subject.workspace}`,
  ];
}

function more(count: number, what: string): string[] {
  return count > 0 ? [`… and ${count} more ${what}`] : [];
}
