/**
 * Hook after a plan was accepted: keeps the plan as a file and has the session offer to hand it off, so that nobody types it again. The
 * orchestrator need not run: handing off starts it.
 */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hookInput, longhaulHome } from "./orchestrator.mjs";

const { tool_response: response, tool_input: given } = await hookInput();
const plan = [response?.plan, given?.plan].find((text) => typeof text === "string" && text.trim() !== "");
if (plan !== undefined) {
  const path = await keep(plan).catch(() => undefined);
  const how =
    path === undefined
      ? "text (the plan as it was accepted, complete and unchanged)"
      : `path ${JSON.stringify(path)}, which holds the plan as it was accepted`;
  const additionalContext = [
    "Longhaul can carry the accepted plan out in the background, durably, while the user goes on or closes the session.",
    "Before you start on it, offer that to the user once, in one sentence, as the alternative to doing it here.",
    `If the user wants it, call the tool handoff of longhaul with ${how}. Otherwise do not mention it again.`,
  ].join(" ");
  process.stdout.write(JSON.stringify({ hookSpecificOutput: { hookEventName: "PostToolUse", additionalContext } }));
}

/** @returns the file, named after its content */
async function keep(text) {
  const folder = join(process.env.CLAUDE_PLUGIN_DATA || longhaulHome(), "plans");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `plan-${createHash("sha256").update(text).digest("hex").slice(0, 12)}.md`);
  await writeFile(path, text.endsWith("\n") ? text : `${text}\n`, { mode: 0o600 });
  return path;
}
