/** How a phase is numbered: 1, 02, 10a, 17.8, CK-01. */
export const phaseId = String.raw`((?:[A-Z]{1,6}-)?\d+[A-Za-z]?(?:\.\d+)*)`;

/** `01` and `1` are one phase. */
export function normalId(id: string): string {
  return id.replace(/(^|-)0+(?=\d)/, "$1");
}
