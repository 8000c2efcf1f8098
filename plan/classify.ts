import type { DraftTask } from "./draft.ts";

const hash = "# ";

/** Fills in what the source does not say about how a task runs: kind, automation level and the rule that decided. */
export function classifyTask(task: DraftTask): void {
  const commands = (task.commands ?? []).filter((command) => command.purpose === "do").map((command) => command.text);
  if (task.kind === undefined) {
    const [kind, rule, confidence] = decideKind(task, commands);
    task.kind = kind;
    task.classifiedBy ??= rule;
    task.confidence ??= confidence;
  }
  if (task.kind === "shell" && commands.length > 0 && task.params?.command === undefined) {
    task.params = { ...task.params, command: scriptOf(commands) };
  }
  if (task.kind === "human" && task.automation === undefined) {
    task.automation = "HUMAN_ONLY";
    task.requiresHuman ??= "The plan says that a person does this.";
  }
}

function decideKind(task: DraftTask, commands: string[]): ["shell" | "claude" | "human", string, number] {
  if (task.role !== undefined && task.role !== "work") return ["human", "checkpoint", 1];
  if (commands.length > 0 && commands.some((command) => !command.startsWith(hash))) return ["shell", "carries-command", 1];
  return ["claude", "prose", 0.9];
}

/** Several commands, or several lines, stop at the first that fails. */
function scriptOf(commands: string[]): string {
  const script = commands.join("\n");
  return script.includes("\n") && !script.startsWith("#!") ? `set -e\n${script}` : script;
}
