import type { Draft } from "../draft.ts";
import { plain, type Table } from "../markdown/outline.ts";
import { statusOfWord } from "../status-words.ts";

/** A progress table says a phase's status in a column of that name. A row with more cells than the header is damaged and not believed. */
export function readProgressTables(table: Table, draft: Draft): void {
  const header = table.header.map((cell) => plain(cell).toLowerCase());
  const statusColumn = header.indexOf("status");
  const phaseColumn = header.findIndex((cell) => cell === "phase");
  if (statusColumn < 0 || phaseColumn < 0) return;
  const numberColumn = header.findIndex((cell) => cell === "#" || cell === "no" || cell === "no.");
  for (const row of table.rows) {
    const name = plain(row.cells[numberColumn >= 0 ? numberColumn : phaseColumn] ?? "");
    const id = /^(?:Phase\s+)?((?:[A-Z]{1,6}-)?0*\d+[A-Za-z]?(?:\.\d+)*)\b/.exec(name)?.[1]?.replace(/^0+(?=\d)/, "");
    const group = draft.groups.find((candidate) => id !== undefined && candidate.displayId.toLowerCase() === id.toLowerCase());
    if (!group) continue;
    if (row.cells.length > table.header.length) {
      draft.warnings.push({
        code: "damaged-row",
        line: row.line,
        text: `The table row of phase ${group.displayId} (line ${row.line}) has ${row.cells.length} cells instead of ${table.header.length}; it was not believed.`,
      });
      continue;
    }
    const says = plain(row.cells[statusColumn] ?? "");
    if (statusOfWord(says) === undefined) continue;
    group.statusSources = [...(group.statusSources ?? []), { where: "progress table", line: row.line, says }];
  }
}
