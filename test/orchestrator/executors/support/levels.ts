/** The levels of isolation that work on this machine, so that every behaviour is shown on each of them. */
import { type Containment, findContainment, processLevel } from "../../../../orchestrator/executors/isolation.ts";

const strongest = await findContainment();
const plain = await processLevel("asked for by the test");

export const levels: [string, Containment][] = [
  ...(strongest.report.level === "contained" ? [["contained", strongest] as [string, Containment]] : []),
  ["process", plain],
];
