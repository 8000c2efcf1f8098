import { type AutomationRule, actsOutside, humanRules, isDevelopment, kindRules, refusedRules } from "./classify-rules.ts";
import type { DraftTask } from "./draft.ts";
import type { TaskKind } from "./model.ts";

/** What a task may do by itself. `SEMI_AUTO` prepares everything and leaves the last click to a person; `REFUSED` is not done at all. */
export type AutomationVerdict = { level: "FULL_AUTO" | "SEMI_AUTO" | "HUMAN_ONLY" | "REFUSED"; rule: string; reason?: string };

type Judged = {
  title: string;
  description?: string | undefined;
  role?: string | undefined;
  kind?: TaskKind | undefined;
  commands?: { text: string }[] | undefined;
  params?: Record<string, unknown> | undefined;
};

const strictness = { FULL_AUTO: 0, SEMI_AUTO: 1, HUMAN_ONLY: 2, REFUSED: 3 } as const;

/**
 * The strictest rule that a task's words meet. It is asked when a plan is read and again before a task runs, since a plan may have been
 * edited in between or may claim a level of its own: the stricter one counts.
 */
export function automationVerdict(task: Judged): AutomationVerdict {
  const said = wordsOf(task);
  const refused = refusedRules.find((rule) => said.all.split(/\n|(?<=[.!?])\s/).some((sentence) => meets(rule, sentence)));
  if (refused) return { level: "REFUSED", rule: refused.name, reason: refused.reason };
  if (task.role !== undefined && task.role !== "work")
    return { level: "HUMAN_ONLY", rule: "checkpoint", reason: "The plan marks this as a checkpoint for a person." };
  if (task.kind === "human") return { level: "HUMAN_ONLY", rule: "kind-human", reason: "The plan gives this to a person." };
  const met = humanRules.filter((rule) => meets(rule, said.title) || (rule.level !== "HUMAN_ONLY" && meets(rule, said.commands)));
  const [strictest] = met.sort((a, b) => strictness[b.level] - strictness[a.level]);
  return strictest
    ? { level: strictest.level, rule: strictest.name, reason: strictest.reason }
    : { level: "FULL_AUTO", rule: "nothing-held" };
}

/** Descriptions tell about much that is not done; only what is refused outright is looked for in them. */
function wordsOf(task: Judged): { title: string; commands: string; all: string } {
  const commands = [
    ...(task.commands ?? []).map((command) => command.text),
    typeof task.params?.command === "string" ? task.params.command : "",
  ].join("\n");
  const prompt = typeof task.params?.prompt === "string" ? task.params.prompt : "";
  return { title: task.title, commands, all: [task.title, task.description ?? "", commands, prompt].join("\n") };
}

function meets(rule: AutomationRule, text: string): boolean {
  return text !== "" && rule.pattern.test(text) && !(rule.unless?.test(text) ?? false);
}

/** Fills in what the source does not say about how a task runs: kind, automation level and reason, context tier, and how sure that is. */
export function classifyTask(task: DraftTask): void {
  const parts = task.commandsAreParts === true || (task.steps?.length ?? 0) > 0;
  const commands = parts
    ? []
    : (task.commands ?? []).filter((command) => command.purpose === "do").map((command) => command.text);
  if (task.kind === undefined) decideKind(task, commands);
  if (task.kind === "shell" && commands.length > 0 && task.params?.command === undefined)
    task.params = { ...task.params, command: scriptOf(commands) };
  decideAutomation(task);
  if (task.contextTier === undefined) task.contextTier = tierOf(task);
}

function decideKind(task: DraftTask, commands: string[]): void {
  const said = isDevelopment(task.title) ? undefined : kindRules.find((rule) => rule.pattern.test(task.title));
  const [kind, rule, confidence]: [TaskKind, string, number] =
    task.role !== undefined && task.role !== "work"
      ? ["human", "checkpoint", 1]
      : commands.length > 0
        ? ["shell", "carries-command", 1]
        : said
          ? [said.kind, said.name, said.confidence]
          : ["claude", "prose", 0.9];
  task.kind = kind;
  task.classifiedBy ??= rule;
  task.confidence ??= confidence;
}

/** What is written is kept unless a rule is stricter. */
function decideAutomation(task: DraftTask): void {
  const verdict = automationVerdict(task);
  const level = verdict.level === "REFUSED" ? "HUMAN_ONLY" : verdict.level;
  const written = task.automation;
  if (written !== undefined && strictness[written] >= strictness[level]) return;
  task.automation = level;
  if (level === "FULL_AUTO") return;
  task.requiresHuman ??= verdict.level === "REFUSED" ? `Refused: ${verdict.reason}` : (verdict.reason ?? "");
  task.classifiedBy = verdict.rule;
  if (level === "HUMAN_ONLY") task.kind = "human";
  else if (task.kind === "claude") task.kind = "content";
}

/** True where a person has to confirm the reading before it runs: a guess about something that acts outside the workspace. */
export function needsConfirmation(task: { kind: TaskKind; confidence: number }): boolean {
  return task.confidence < 0.8 && actsOutside.has(task.kind);
}

const charactersPerToken = 4;
const tiers = [32, 64, 128, 200] as const;

/** Room for the task's own words and the files it names, about 8,000 tokens each, on top of what a session needs to begin with. */
function tierOf(task: DraftTask): (typeof tiers)[number] {
  const files = Object.values(task.files ?? {}).flat().length;
  const words = (task.description?.length ?? 0) / charactersPerToken;
  const needed = (task.kind === "claude" ? 24_000 : 8_000) + files * 8_000 + words + (task.steps?.length ?? 0) * 2_000;
  return tiers.find((tier) => tier * 1000 >= needed) ?? 200;
}

/** Several commands, or several lines, stop at the first that fails. */
function scriptOf(commands: string[]): string {
  const script = commands.join("\n");
  return script.includes("\n") && !script.startsWith("#!") ? `set -e\n${script}` : script;
}
