/**
 * The todo lists that coding tools keep: TodoWrite `{todos: […]}`, OpenHands `{task_list: […]}`, Claude Code tasks with `blocks` and
 * `blockedBy`, and the front matter of a Cursor `.plan.md`. Where no field orders, the order of the list is only a preference (D14).
 */
import { type Draft, type DraftTask, newDraft } from "../draft.ts";
import { inSequence } from "../order.ts";
import { type Fields, has, isRecord, records, text, textOf, texts } from "./record.ts";
import type { Source } from "./source.ts";
import { readTaskRecord } from "./task-record.ts";

/** The items of a todo list in data, or undefined when it is none. */
export function todoItems(value: unknown): Fields[] | undefined {
  const root = isRecord(value) ? value : undefined;
  const items = records(
    root?.todos ??
      root?.task_list ??
      (Array.isArray(value) ? value : isRecord(value) && has(value, "subject") ? [value] : undefined),
  );
  const fits = items.length > 0 && items.every((item) => has(item, "content", "subject", "title") && has(item, "status"));
  return fits && (root !== undefined || items.some((item) => has(item, "activeForm", "blockedBy", "blocks", "subject")))
    ? items
    : undefined;
}

export function readTodoList(source: Source): Draft {
  const front = source.frontMatter.data;
  const data: unknown = front?.todos !== undefined ? front : source.json;
  const items = todoItems(data) ?? [];
  const root = isRecord(data) ? data : {};
  const draft = newDraft({
    source: "TASK_LIST",
    title: textOf(root, "name", "title", "overview") ?? source.name,
    groupStatus: "never",
    keyedById: true,
  });
  for (const [index, item] of items.entries())
    readTaskRecord(item, index, draft, { defaultId: (at) => `task-${String(at + 1).padStart(3, "0")}` });
  const linked = items.some((item) => has(item, "blocks", "blockedBy", "blocked_by", "dependencies"));
  if (linked) addBlocks(items, draft);
  else inSequence(draft.tasks, "D14", false);
  return draft;
}

/** `blocks` is `blockedBy` seen from the other side; both together are one edge. */
function addBlocks(items: Fields[], draft: Draft): void {
  const byId = new Map<string, DraftTask>(draft.tasks.map((task) => [task.displayId, task]));
  for (const item of items) {
    const from = byId.get(text(item.id) ?? "");
    for (const id of texts(item.blocks)) {
      const blocked = byId.get(id);
      if (!from || !blocked || blocked.waits.some((wait) => wait.to === from.displayId)) continue;
      blocked.waits.push({ to: from.displayId, kind: "explicit", rule: "blocks" });
    }
  }
}
