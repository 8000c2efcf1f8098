/** The sign for each state of a task or an execution. */
import { type Paint, paint as paintAnswer, type Style } from "./terminal.ts";

const marks: Record<string, [sign: string, style: Style]> = {
  completed: ["✔", "green"],
  failed: ["✘", "red"],
  cancelled: ["⊘", "yellow"],
  skipped: ["↷", "gray"],
  in_progress: ["▶", "cyan"],
  verifying: ["◉", "cyan"],
  running: ["▶", "cyan"],
  retrying: ["↻", "yellow"],
  awaiting_human: ["☝", "yellow"],
  awaiting_approval: ["☝", "yellow"],
  blocked: ["☝", "yellow"],
  paused: ["‖", "yellow"],
  halted: ["‖", "red"],
};

export function mark(status: string, paint: Paint = paintAnswer): string {
  const [sign, style] = marks[status] ?? ["·", "gray"];
  return paint(style, sign);
}
