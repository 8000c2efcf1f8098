/** Short messages about what was just done, in a corner and for screen readers; refusals stay longer than successes. */
import { signal } from "@preact/signals";
import { ApiError } from "../../client/api-error.ts";
import { Icon } from "./icon.tsx";

type Notice = { id: number; tone: "done" | "failed"; text: string };

const notices = signal<Notice[]>([]);
let lastId = 0;

export function tell(text: string, tone: Notice["tone"] = "done"): void {
  lastId += 1;
  const notice = { id: lastId, tone, text };
  notices.value = [...notices.value.slice(-3), notice];
  setTimeout(() => dismiss(notice.id), tone === "failed" ? 10_000 : 4000);
}

export const errorText = (error: unknown): string =>
  error instanceof ApiError ? error.message : error instanceof Error ? error.message : String(error);

/** Runs something that a person asked for; a refusal is shown, not thrown. */
export async function attempt<Answer>(run: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await run();
  } catch (error) {
    tell(errorText(error), "failed");
    return undefined;
  }
}

function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map((notice) => (
        <div key={notice.id} class="notice" data-tone={notice.tone}>
          <Icon name={notice.tone === "done" ? "check" : "alert"} />
          <span>{notice.text}</span>
          <button type="button" class="quiet small" aria-label="Dismiss" onClick={() => dismiss(notice.id)}>
            <Icon name="cross" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
