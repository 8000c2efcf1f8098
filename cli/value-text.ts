/** What an execution was worth, in words. What is not known is said to be unknown. */
import type { ValueReport } from "../orchestrator/api/value-contract.ts";
import { mark } from "./marks.ts";
import { duration } from "./terminal.ts";
import { fit } from "./text-width.ts";

/** For the end of a summary: nothing where there is nothing to say. */
export function valueLine(value: ValueReport): string[] {
  if (value.automation === null) return [];
  const { percentage } = value.automation;
  const saved = value.timeSaved === null ? "" : `, ${savedText(value)} saved`;
  return ["", `Value      ${percentage} % ran without a person${saved}${roiText(value)}`];
}

export function valueLines(value: ValueReport, most: number): string[] {
  const { tasks, automation, cost, blockers } = value;
  const atLeast = cost.tasksOfUnknownCost > 0 ? "at least " : "";
  const unknown = cost.tasksOfUnknownCost > 0 ? ` (unknown for ${cost.tasksOfUnknownCost} task(s))` : "";
  const ended = [
    `${tasks.completed} of ${tasks.total} completed`,
    `${tasks.pending} pending`,
    ...(tasks.failed > 0 ? [`${tasks.failed} failed`] : []),
    ...(tasks.skipped > 0 ? [`${tasks.skipped} skipped`] : []),
    ...(tasks.cancelled > 0 ? [`${tasks.cancelled} cancelled`] : []),
  ];
  return [
    `Tasks        ${ended.join(", ")}${value.executions === 1 ? "" : ` in ${value.executions} executions`}`,
    `Automation   ${automation === null ? "unknown: nothing is completed" : `${automation.percentage} % (${automation.withoutHuman} of ${automation.completed} ran without a person)`}`,
    `Time saved   ${savedText(value)}${coverage(value)}`,
    `Cost         ${atLeast}$${cost.usd.toFixed(2)}, ${cost.tokens} tokens${unknown}`,
    `Return       ${returnText(value)}`,
    `Waited       ${waitedText(value)}`,
    ...(value.unrecorded > 0
      ? [`             ${value.unrecorded} execution(s) are left out of this: their log was let go of`]
      : []),
    ...blockers
      .slice(0, most)
      .map(
        (wait) =>
          `${mark(wait.until === null ? "blocked" : "completed")} ${duration(wait.seconds)}  ${wait.waitsFor}  ${fit(wait.taskTitle ?? wait.title, 60)}${wait.reason === null ? "" : `: ${fit(wait.reason, 80)}`}`,
      ),
    ...(blockers.length > most ? [`  … and ${blockers.length - most} more`] : []),
  ];
}

function savedText({ timeSaved }: ValueReport): string {
  if (timeSaved === null) return "unknown";
  const [least, most] = [minutesText(timeSaved.minMinutes), minutesText(timeSaved.maxMinutes)];
  return least === most ? least : `${least} to ${most}`;
}

const minutesText = (minutes: number) => (minutes < 0 ? `−${duration(-minutes * 60)}` : duration(minutes * 60));

function coverage({ timeSaved }: ValueReport): string {
  if (timeSaved === null) return ": no completed task says how long a person would have needed (manualEstimate)";
  return timeSaved.tasks === timeSaved.completed ? "" : ` (known for ${timeSaved.tasks} of ${timeSaved.completed} tasks)`;
}

const roiText = ({ worth }: ValueReport) =>
  worth === null || worth.roi === null ? "" : `, return ${Math.round(worth.roi * 100)} %`;

function returnText({ worth }: ValueReport): string {
  if (worth === null) return "unknown: nothing completed says what it is worth (--value-usd)";
  const roi = worth.roi === null ? "the cost is none or unknown" : `${Math.round(worth.roi * 100)} %`;
  return `worth $${worth.usd.toFixed(2)} for $${worth.costUsd.toFixed(2)}: ${roi}`;
}

function waitedText({ waitedSeconds }: ValueReport): string {
  const parts = Object.entries(waitedSeconds).filter(([, seconds]) => seconds > 0);
  return parts.length === 0 ? "for nobody" : parts.map(([what, seconds]) => `${what} ${duration(seconds)}`).join(", ");
}
