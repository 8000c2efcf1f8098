import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parsePlan } from "../../plan/parse.ts";
import { writeBack } from "../../plan/write-back.ts";

const corpus = join(import.meta.dirname, "../corpus");

describe("progress written into the file", () => {
  it("ticks the boxes of finished tasks and changes nothing else", () => {
    const text = "# Plan\r\n\r\n- [ ] 1.1 One  \r\n  * [-] 1.2 Two `[ ]`\r\n- [X] 1.3 Three\n\tend \n";
    const { plan } = parsePlan({ bytes: text, file: "tasks.md" });
    const found = writeBack(text, plan, ["1.1", "1.2", "1.3"]);
    expect(found.text).toBe("# Plan\r\n\r\n- [x] 1.1 One  \r\n  * [x] 1.2 Two `[ ]`\r\n- [X] 1.3 Three\n\tend \n");
    expect(found.ticked).toEqual(["1.1", "1.2", "1.3"]);
  });

  it("opens a box again", () => {
    const text = "- [x] a\n- [x] b\n";
    const { plan } = parsePlan({ bytes: text, file: "todo.md" });
    expect(writeBack(text, plan, [], ["task-002"]).text).toBe("- [x] a\n- [ ] b\n");
  });

  it("leaves a line alone that no longer speaks of the task", () => {
    const { plan } = parsePlan({ bytes: "- [ ] Build the thing\n", file: "todo.md" });
    const edited = "- [ ] Something else\n- [ ] Build the thing\n";
    const found = writeBack(edited, plan, ["task-001", "nobody"]);
    expect(found.text).toBe(edited);
    expect(found.skipped.map((skip) => skip.why)).toEqual([
      "Line 1 no longer speaks of this task; the file has changed.",
      "There is no such task in the plan.",
    ]);
  });

  it("keeps a byte order mark and the lack of a last line end", () => {
    const text = "\ufeff- [ ] Build";
    const { plan } = parsePlan({ bytes: text, file: "todo.md" });
    expect(writeBack(text, plan, ["task-001"]).text).toBe("\ufeff- [x] Build");
  });

  it("makes every task of every checklist in the corpus read as done, and touches only box characters", () => {
    for (const file of readdirSync(corpus, { recursive: true, encoding: "utf8" }).filter(
      (name) => name.endsWith(".md") && /[/\\]/.test(name),
    )) {
      const text = readFileSync(join(corpus, file), "utf8");
      const { plan } = parsePlan({ bytes: text, file });
      const boxed = plan.tasks.filter((task) => task.statusSources.some((source) => source.where === "checkbox"));
      const found = writeBack(
        text,
        plan,
        boxed.map((task) => task.id),
      );
      expect(found.skipped, file).toEqual([]);
      expect(found.text.length, file).toBe(text.length);
      const changed = text.split("").filter((char, index) => char !== found.text[index]);
      expect(new Set(changed).size <= 1 && changed.every((char) => char === " " || char === "-"), file).toBe(true);
      const again = parsePlan({ bytes: found.text, file }).plan;
      expect(
        again.tasks.filter((task) => boxed.some((box) => box.id === task.id)).every((task) => task.status === "done"),
        file,
      ).toBe(true);
    }
  });
});
