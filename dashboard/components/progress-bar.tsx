/** How much of the work is in which state, as one bar. */
import { type Tone, toneOrder } from "../statuses.ts";

const toneWords: Record<Tone, string> = {
  done: "done",
  failed: "failed",
  active: "running",
  retry: "retrying",
  waiting: "waiting",
  idle: "open",
};

export function ProgressBar({ counts, label }: { counts: Readonly<Partial<Record<Tone, number>>>; label: string }) {
  const total = toneOrder.reduce((sum, tone) => sum + (counts[tone] ?? 0), 0);
  const parts = toneOrder.filter((tone) => tone !== "idle" && (counts[tone] ?? 0) > 0);
  const percent = total === 0 ? 0 : Math.round(((counts.done ?? 0) / total) * 100);
  const text = parts.map((tone) => `${counts[tone]} ${toneWords[tone]}`).join(", ") || "nothing done yet";
  return (
    <div
      class="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={`${text} of ${total}`}
    >
      {parts.map((tone) => (
        <span key={tone} class="bar-part" data-tone={tone} style={{ flexGrow: counts[tone] ?? 0 }} />
      ))}
      <span class="bar-rest" style={{ flexGrow: counts.idle ?? 0 }} />
    </div>
  );
}
