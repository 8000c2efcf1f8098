import { describe, expect, it } from "vitest";
import { parsePlan } from "../../plan/parse.ts";

const text = "# Plan\n\n## Tâches\n\n- [ ] Überprüfen 🚀\n- [x] Fertig\n";
const read = (bytes: Uint8Array | string) => parsePlan({ bytes, file: "plan.md" });
const shape = (bytes: Uint8Array | string) =>
  read(bytes).plan.tasks.map(({ id, title, status, sourceLine }) => ({ id, title, status, sourceLine }));
const expected = shape(text);

describe("one plan in different encodings", () => {
  it("is the same with CRLF, with CR and mixed", () => {
    expect(shape(text.replaceAll("\n", "\r\n"))).toEqual(expected);
    expect(shape(text.replaceAll("\n", "\r"))).toEqual(expected);
    expect(shape(text.replace("\n", "\r\n"))).toEqual(expected);
    expect(read(text.replaceAll("\n", "\r\n")).plan.input[0]).toMatchObject({ eol: "crlf", bom: false, encoding: "utf-8" });
  });

  it("is the same with a byte order mark", () => {
    const bytes = Buffer.from(`\ufeff${text}`);
    expect(shape(bytes)).toEqual(expected);
    expect(read(bytes).plan.input[0]?.bom).toBe(true);
  });

  it("is the same as UTF-16 of both byte orders, with a warning", () => {
    const little = Buffer.from(`\ufeff${text}`, "utf16le");
    const big = Buffer.from(little).swap16();
    for (const [bytes, encoding] of [
      [little, "utf-16le"],
      [big, "utf-16be"],
    ] as const) {
      expect(shape(bytes)).toEqual(expected);
      expect(read(bytes).plan.input[0]?.encoding).toBe(encoding);
      expect(read(bytes).report.warnings[0]?.code).toBe("utf-16");
    }
  });

  it("survives invalid UTF-8 with a warning that says where", () => {
    const bytes = Buffer.concat([Buffer.from("- [ ] a\n- [ ] b"), Buffer.from([0xff]), Buffer.from("\n")]);
    expect(read(bytes).plan.tasks).toHaveLength(2);
    expect(read(bytes).report.warnings[0]).toMatchObject({ code: "bad-utf-8", line: 2 });
  });

  it("reads non-breaking and zero-width spaces, tabs and full-width marks", () => {
    const { plan } = read(
      "## 1. G\n\n- [ ]\u00a01.1 （P）並列\n-\u00a0[ ] 1.2\u200b second\n\t- [ ] 1.2.1 nested by tab\n- [ ] 1.3 last\n",
    );
    expect(plan.tasks.map((task) => [task.displayId, task.title, task.parallel])).toEqual([
      ["1.1", "並列", "marked"],
      ["1.2", "second", "unmarked"],
      ["1.2.1", "nested by tab", "unmarked"],
      ["1.3", "last", "unmarked"],
    ]);
    expect(plan.tasks[2]?.parent).toBe("1.2");
  });
});
