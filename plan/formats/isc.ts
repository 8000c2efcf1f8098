/** Ideal-state criteria: a file that states what must hold and no tasks. Markdown with `ISC-1` boxes, or JSON with rows. */
import { type Draft, newDraft } from "../draft.ts";
import { itemsOf, plain, sectionsOf } from "../markdown/outline.ts";
import { statusOfBox, statusOfWord } from "../status-words.ts";
import { isRecord, records, text, textOf, truth } from "./record.ts";
import type { Source } from "./source.ts";
import { documentTitle } from "./task-sections.ts";

/** `ISC-1: …`, `ISC-A-1: Anti: …`, `ISC-C1: … | Verify: Test: …`, with the id in bold or not. */
export const iscLine = /^(?:\*\*)?(ISC-(?:[A-Za-z]+-?)*\d+(?:\.\d+)*)(?:\*\*)?\s*:\s*(.*)$/;

export function readIsc(source: Source): Draft {
  const sections = [...sectionsOf(source.outline.root)];
  const title = text(source.frontMatter.data?.task) ?? documentTitle(sections, source);
  const draft = newDraft({ source: "SPEC", title, warnings: [...source.outline.warnings], groupStatus: "never" });
  const evidence = new Map<string, string>();
  for (const section of sections) {
    for (const item of itemsOf(section.blocks)) {
      const found = iscLine.exec(item.text);
      if (!found?.[1]) continue;
      if (item.box === undefined) {
        evidence.set(found[1], plain(found[2] ?? ""));
        continue;
      }
      const [statement = "", check = ""] = (found[2] ?? "").split(/\s\|\s*Verify:\s*/);
      const [method, ...how] = check.split(":");
      draft.criteria.push({
        id: found[1],
        criterion: plain(statement.replace(/^Anti:\s*/i, "")),
        anti: /^ISC-A\b|^ISC-A-|^ISC-A\d/.test(found[1]) || /^Anti:/i.test(statement),
        test: /^(?:CLI|Test|Static|Grep)/i.test(check) ? "auto" : "manual",
        ...(check !== "" && { method: (method ?? "").trim() }),
        ...(how.length > 0 && { expected: how.join(":").trim() }),
        status: statusOfBox(item.box) ?? "pending",
        line: item.line,
      });
    }
  }
  for (const criterion of draft.criteria) {
    const found = evidence.get(criterion.id);
    if (found !== undefined) criterion.evidence = found;
  }
  return draft;
}

export function readIscRows(source: Source): Draft {
  const root = isRecord(source.json) ? source.json : {};
  const draft = newDraft({
    source: "SPEC",
    title: textOf(root, "request", "task", "title") ?? source.name,
    groupStatus: "never",
  });
  for (const [index, row] of records(root.rows).entries()) {
    const criterion = textOf(row, "description", "criterion", "text");
    if (criterion === undefined) continue;
    draft.criteria.push({
      id: textOf(row, "id") ?? String(index + 1),
      criterion,
      anti: truth(row.anti) ?? false,
      test: "manual",
      status: statusOfWord(textOf(row, "status") ?? "") ?? "pending",
    });
  }
  return draft;
}
