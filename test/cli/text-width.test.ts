import { describe, expect, it } from "vitest";
import { cells, columns, cut, fit } from "../../cli/text-width.ts";

describe("text in cells", () => {
  it("counts East Asian characters twice, combining marks and colours not at all", () => {
    expect(cells("abc")).toBe(3);
    expect(cells("日本")).toBe(4);
    expect(cells("e\u0301")).toBe(1);
    expect(cells("\x1b[31mred\x1b[39m")).toBe(3);
  });

  it("cuts to the width, never through a wide character, and ends colours", () => {
    expect(cut("abcdef", 4)).toBe("abc…");
    expect(cut("日本語", 4)).toBe("日…");
    expect(cut("\x1b[31mabcdef\x1b[39m", 4)).toBe("\x1b[31mabc…\x1b[0m");
    expect(cut("abc", 3)).toBe("abc");
    expect(cut("abc", 0)).toBe("");
  });

  it("keeps what a task printed from moving the cursor", () => {
    expect(fit("a\x1b[2Jb\rc\nd\u202ee", 80)).toBe("a [2Jb c d e");
  });

  it("lines up columns by what is seen", () => {
    expect(
      columns([
        ["\x1b[32m✔\x1b[39m", "日本", "x"],
        ["bb", "a", "y"],
      ]),
    ).toEqual(["\x1b[32m✔\x1b[39m   日本  x", "bb  a     y"]);
    expect(columns([["long text", "more"]], 10)).toEqual(["long text…"]);
  });
});
