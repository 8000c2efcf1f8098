/** How much of the code a run covered, from the last line of the tables that coverage tools print. */

const lines: readonly RegExp[] = [
  /^[ℹ#]?\s*All files\s*\|[^|]*\|[^|]*\|[^|]*\|\s*([\d.]+)/gim, // istanbul: statements, branches, functions, lines
  /^[ℹ#]\s*all files\s*\|\s*([\d.]+)\s*\|/gim, // node:test: lines first
  /^TOTAL\s+(?:\d+\s+)+([\d.]+)%/gm, // coverage.py
  /^([\d.]+)% coverage, \d+\/\d+ lines covered/gm, // tarpaulin
  /^TOTAL\s+.*\s([\d.]+)%\s*(?:\d+\s+\d+\s+-\s*)?$/gm, // cargo llvm-cov
  /coverage: ([\d.]+)% of statements/g, // go
];

/** Percent, or undefined when nothing of the kind was printed. */
export function coverageIn(output: string): number | undefined {
  const node = [...output.matchAll(lines[1] as RegExp)].at(-1);
  for (const pattern of node === undefined ? lines : [lines[1] as RegExp]) {
    const found = [...output.matchAll(pattern)].at(-1)?.[1];
    if (found !== undefined) return Number(found);
  }
  return undefined;
}
