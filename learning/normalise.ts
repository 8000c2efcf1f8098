/** What stays of a text when everything that differs from run to run is taken out, so that the same mistake looks the same twice. Pure. */
import { stripVTControlCharacters } from "node:util";

const placeholders: [RegExp, string][] = [
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s'"<>)\]]+/gi, "<url>"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<id>"],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, "<time>"],
  [/\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b/g, "<time>"],
  [/[\w.+-]+@[\w-]+\.[\w.-]+/g, "<address>"],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, "<address>"],
  [/(?<![\w<])(?:[A-Za-z]:)?(?:\.{0,2}[\\/])(?:[\w.@+~-]+[\\/])*[\w.@+~-]+(?::\d+(?::\d+)?)?/g, "<path>"],
  [/(?<![\w<])(?:[\w.@+~-]+\/)+[\w.@+~-]*\.\w+(?::\d+(?::\d+)?)?/g, "<path>"],
  [/\b0x[0-9a-f]+\b/gi, "<id>"],
  [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b/gi, "<id>"],
  [/(?<![A-Za-z_<])\d+(?:[.,]\d+)*/g, "<n>"],
];

/** One line without paths, addresses, ids, times and numbers; at most 300 characters. */
export function normaliseMessage(text: string): string {
  let line = stripVTControlCharacters(text).replace(/\s+/g, " ").trim();
  for (const [shape, name] of placeholders) line = line.replace(shape, name);
  return line.slice(0, 300);
}

/** A command as a person would type it again: without the workspace's own path and the secrets of its environment, on one line. */
export function normaliseCommand(command: string, workspace: string): string {
  const here = workspace === "" ? command : command.replaceAll(`${workspace}/`, "").replaceAll(workspace, ".");
  return here
    .replace(/\\\n\s*/g, " ")
    .replace(/\s*\n\s*/g, "; ")
    .replace(/[ \t]+/g, " ")
    .replace(/^cd \. (?:&&|;) /, "")
    .trim()
    .slice(0, 300);
}
