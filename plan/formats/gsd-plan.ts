/**
 * GSD PLAN.md: front matter, then `<task>` elements, `<feature>` elements of tdd plans, or in older files `## Task N` and `### N. Title`
 * headings. One executor works through a plan, so its tasks follow each other (D3). What it depends on is another plan.
 */
import { type Draft, type DraftTask, newDraft, newTask } from "../draft.ts";
import { criteriaKind, criterionOf } from "../markdown/criteria.ts";
import { codeSpans } from "../markdown/fields.ts";
import { itemsOf, plain, type Section, sectionsOf } from "../markdown/outline.ts";
import { readOutline } from "../markdown/read-outline.ts";
import { pathsIn, readWorkDetails } from "../markdown/work-details.ts";
import { inSequence } from "../order.ts";
import { isRecord, records, text, texts, truth } from "./record.ts";
import type { Source } from "./source.ts";
import { taskOfHeading } from "./task-sections.ts";

export function readGsdPlan(source: Source): Draft {
  const { data = {}, error } = source.frontMatter;
  if (error) throw error;
  const planId = planIdOf(data, source);
  const raw = source.frontMatter.body;
  const draft = newDraft({ source: "ROADMAP", title: titleOf(raw, planId), isExternal: () => true, groupStatus: "never" });
  const elements = taskElements(raw);
  if (elements.length > 0) for (const element of elements) draft.tasks.push(elementTask(element, draft.tasks.length));
  else readHeadings(source, draft);
  for (const task of draft.tasks) {
    task.extra = { ...task.extra, plan: planId };
    const autonomous = truth(data.autonomous);
    if (autonomous !== undefined) task.autonomous = autonomous;
    const wave = Number(text(data.wave));
    if (Number.isInteger(wave)) task.wave = wave;
    if (task.requirements === undefined) task.requirements = texts(data.requirements);
  }
  readBoxes(raw, draft);
  readMustHaves(data, draft);
  inSequence(draft.tasks, "D3");
  const first = draft.tasks[0];
  for (const ref of texts(data.depends_on)) {
    if (first) first.waits.push({ to: ref, kind: "external", rule: "depends_on", onBehalfOf: planId });
    else draft.externals.push({ from: planId, ref });
  }
  return draft;
}

function planIdOf(data: Record<string, unknown>, source: Source): string {
  const phase = /^((?:[A-Za-z]{1,6}-)?\d+[A-Za-z]?(?:\.\d+)*)/.exec(text(data.phase) ?? "")?.[1];
  const plan = text(data.plan);
  if (phase !== undefined && plan !== undefined) return plan.startsWith(`${phase}-`) ? plan : `${phase}-${plan}`;
  return /(\d+[A-Za-z]?(?:\.\d+)*(?:-\d+)?)-PLAN/i.exec(source.name)?.[1] ?? source.name.replace(/\.md$/i, "");
}

function titleOf(raw: string, planId: string): string {
  const heading = /^#\s+(.+)$/m.exec(raw)?.[1];
  const objective = /<objective>\s*([^\n<]+)/.exec(raw)?.[1];
  const title = plain(raw.includes("<objective>") ? (objective ?? heading ?? "") : (heading ?? ""));
  return title === "" ? `Plan ${planId}` : title.slice(0, 200);
}

type Element = { kind: "task" | "feature"; attributes: Record<string, string>; text: string; line: number; endLine: number };

/** Elements open and close at the start of a line; the same words inside a line or in an action's code are text. */
function taskElements(raw: string): Element[] {
  const elements: Element[] = [];
  let open: Element | undefined;
  const body: string[] = [];
  for (const [index, line] of raw.split("\n").entries()) {
    const start = /^\s{0,3}<(task|feature)\b([^>]*)>(.*)$/.exec(line);
    if (!open && start?.[1]) {
      open = {
        kind: start[1] as Element["kind"],
        attributes: attributesOf(start[2] ?? ""),
        text: "",
        line: index + 1,
        endLine: index + 1,
      };
      body.length = 0;
      body.push(start[3] ?? "");
    } else if (open && new RegExp(`^\\s{0,3}</${open.kind}>`).test(line)) {
      elements.push({ ...open, text: body.join("\n"), endLine: index + 1 });
      open = undefined;
    } else if (open) {
      body.push(line);
    }
  }
  return elements;
}

function attributesOf(raw: string): Record<string, string> {
  return Object.fromEntries([...raw.matchAll(/([\w:-]+)\s*=\s*"([^"]*)"/g)].map((match) => [match[1] ?? "", match[2] ?? ""]));
}

function child(element: Element, name: string): string | undefined {
  return new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(element.text)?.[1]?.trim();
}

const checkpoints: Record<string, NonNullable<DraftTask["role"]>> = {
  "checkpoint:human-verify": "checkpoint-verify",
  "checkpoint:decision": "checkpoint-decision",
  "checkpoint:human-action": "checkpoint-action",
};

function elementTask(element: Element, index: number): DraftTask {
  const name = child(element, "name") ?? "";
  const numbered = /^Task\s+(\w+(?:\.\w+)*)\s*[:.—–-]\s*(.*)$/is.exec(name);
  const type = element.attributes.type ?? "auto";
  const role = checkpoints[type];
  const what =
    child(element, "what-built") ?? child(element, "decision") ?? child(element, "action") ?? child(element, "behavior") ?? "";
  const title = plain(numbered?.[2] ?? name) || plain((what.split("\n")[0] ?? "").slice(0, 160)) || type;
  const task = newTask({
    displayId: numbered?.[1] ?? String(index + 1),
    title,
    description: [child(element, "action") ?? child(element, "implementation") ?? what, child(element, "how-to-verify")]
      .filter(Boolean)
      .join("\n\n"),
    sourceLine: element.line,
    sourceEndLine: element.endLine,
    ...(role && { role }),
  });
  const files = pathsIn((child(element, "files") ?? "").replace(/<\/?file>/g, " "));
  const read = pathsIn((child(element, "read_first") ?? "").replace(/<\/?file>/g, " "));
  task.files = { modify: files, read };
  const gate = element.attributes.gate;
  if (gate !== undefined) task.extra = { gate };
  if (role === undefined) addChecks(task, element);
  else
    task.requiresHuman =
      child(element, "how-to-verify") ?? child(element, "decision") ?? "The plan marks this as a checkpoint for a person.";
  return task;
}

/** `<automated>` is a command; `<verify>` is one when it is code and nothing else. Both belong to the task, not to the plan's criteria. */
function addChecks(task: DraftTask, element: Element): void {
  const verify = child(element, "verify") ?? "";
  const automated = /<automated>([\s\S]*?)<\/automated>/.exec(verify)?.[1]?.trim();
  const spans = /^\s*`[^`]+`/.test(verify) ? codeSpans(verify).slice(0, 1) : [];
  const command = automated ?? (/^[a-z][\w./-]*(?: [\w./:"'=-]+)+$/.test(verify) ? verify : spans[0]);
  const id = () => `${task.displayId}.c${task.verification.length + 1}`;
  if (command) {
    task.commands = [{ text: command, purpose: "verify" }];
    task.verification.push({ id: id(), criterion: `\`${command}\` succeeds`, test: "auto", command, method: "task check" });
  } else if (verify !== "") {
    task.verification.push({ id: id(), criterion: plain(verify), test: "manual", method: "task check" });
  }
  const done = child(element, "done");
  if (done) task.verification.push({ id: id(), criterion: plain(done), test: "manual", method: "task check" });
  for (const line of (child(element, "acceptance_criteria") ?? "").split("\n")) {
    const item = /^\s*[-*]\s+(.+)$/.exec(line)?.[1];
    if (item) task.verification.push({ id: id(), criterion: plain(item), test: "manual", method: "task check" });
  }
}

function readHeadings(source: Source, draft: Draft): void {
  const sections = [...sectionsOf(source.outline.root)];
  draft.warnings.push(...source.outline.warnings);
  const named = sections.filter((section) => headingTask(section) !== undefined);
  for (const section of named) {
    const { id, title } = headingTask(section) ?? { id: "", title: "" };
    const task = newTask({ displayId: id, title, sourceLine: section.line, sourceEndLine: section.endLine });
    readWorkDetails(
      task,
      [...sectionsOf(section)].flatMap((part) => part.blocks),
    );
    draft.tasks.push(task);
  }
  for (const section of sections) {
    if (criteriaKind(section) === undefined || !/^(?:verification|success criteria)$/i.test(plain(section.title))) continue;
    for (const item of itemsOf(section.blocks))
      if (item.number !== undefined && item.box === undefined)
        draft.criteria.push(criterionOf(item, `c${draft.criteria.length + 1}`));
  }
}

function headingTask(section: Section): { id: string; title: string } | undefined {
  const named = taskOfHeading(section.title);
  if (named) return named;
  const numbered = /^(\d+)\.\s+(.+)$/.exec(plain(section.title));
  const underTasks =
    section.parent !== undefined && /^(?:tasks|changes|implementation|steps)\b/i.test(plain(section.parent.title));
  return numbered?.[1] && underTasks ? { id: numbered[1], title: numbered[2] ?? "" } : undefined;
}

/** Boxes of `<verification>` and `<success_criteria>`, wherever those stand, and of headings that name criteria. */
function readBoxes(raw: string, draft: Draft): void {
  const outside = raw.replace(/<tasks>[\s\S]*<\/tasks>/g, (part) => part.replace(/[^\n]/g, ""));
  const opened = outside.replace(/^\s*<\/?[a-z_-]+>\s*$/gm, "");
  for (const section of sectionsOf(readOutline(opened).root)) {
    for (const item of itemsOf(section.blocks))
      if (item.box !== undefined) draft.criteria.push(criterionOf(item, `c${draft.criteria.length + 1}`));
  }
}

function readMustHaves(data: Record<string, unknown>, draft: Draft): void {
  if (!isRecord(data.must_haves)) return;
  const add = (criterion: string) =>
    draft.criteria.push({ id: `c${draft.criteria.length + 1}`, criterion, test: "manual", method: "must have" });
  for (const truthText of texts(Array.isArray(data.must_haves.truths) ? data.must_haves.truths : [])) add(truthText);
  for (const artifact of records(data.must_haves.artifacts))
    add(`${text(artifact.path) ?? "A file"} provides ${text(artifact.provides) ?? "what it should"}`);
}
