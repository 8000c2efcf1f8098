/** What a gate can ask, and the parameters that it cannot do without. */
export const gateChecks = {
  file: ["path"],
  command: ["command"],
  tests: ["command"],
  disk: [],
  "clean-tree": [],
  port: ["port"],
  http: ["url"],
  service: ["url"],
  prerequisites: ["programs"],
} as const satisfies Record<string, readonly string[]>;
export type GateCheckName = keyof typeof gateChecks;
