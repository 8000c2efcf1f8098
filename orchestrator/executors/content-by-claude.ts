/**
 * Tasks of kind `content` where no model is configured and Claude Code is there: a session writes the text into a file of the workspace. To the
 * steps around it (budgets, the account's limits) it is the session that it is.
 */
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { doerOf } from "../../plan/last-click.ts";
import { readParams } from "../../plan/task-params.ts";
import type { AttemptStep } from "../attempt-step.ts";
import type { OutsideStore } from "../store/outside.ts";
import type { Assignment, Executor } from "./executor.ts";
import { describeArtifact } from "./program.ts";
import { whyPerson } from "./program-settings.ts";
import { contentRules } from "./programs/content-rules.ts";
import { programFiles } from "./programs/program.ts";

const shownCharacters = 8000;
const name = "content.md";

/** Makes a content task a session before anything looks at it. */
export const asSession: AttemptStep = (assignment, context, next) => {
  const { task } = assignment;
  return next(task.kind === "content" ? { ...assignment, task: { ...task, kind: "claude" } } : assignment, context);
};

export function createContentByClaude({
  claude,
  outside,
}: {
  claude: Executor;
  outside: Pick<OutsideStore, "keepArtifacts">;
}): Executor {
  return {
    kind: "content",
    async run(given, context) {
      const assignment: Assignment = { ...given, task: { ...given.task, kind: "content" } };
      const { task, workspace } = assignment;
      let params: ReturnType<typeof readParams<"content">>;
      try {
        params = readParams("content", task);
      } catch (error) {
        return { status: "failed", failureClass: "permanent", message: error instanceof Error ? error.message : String(error) };
      }
      const file = params.saveAs ?? `WORK/${task.id.replaceAll(/[^\w.-]/g, "-")}.md`;
      const prompt = [
        params.prompt ?? "",
        params.system ?? "",
        params.files.length === 0 ? "" : `Draw on: ${params.files.join(", ")}.`,
        `Write the text, and nothing else, into the file ${file}. ${contentRules}`,
      ];
      const outcome = await claude.run(
        {
          ...assignment,
          task: {
            ...task,
            kind: "claude",
            params: {
              prompt: prompt.filter((part) => part !== "").join("\n\n"),
              allowedTools: [],
              ...(params.model === undefined ? {} : { model: params.model }),
            },
          },
        },
        context,
      );
      if (outcome.status !== "succeeded") return outcome;
      const text = await readFile(join(workspace, file), "utf8").catch(() => "");
      if (text.trim() === "")
        return { ...outcome, status: "failed", failureClass: "transient", message: `the session wrote no ${file}` };
      const folder = join(context.directory, programFiles.artifacts);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await copyFile(join(workspace, file), join(folder, name));
      await outside.keepArtifacts(assignment, [await describeArtifact(folder, { name, mediaType: "text/markdown" })]);
      const written = { ...outcome, message: `${file}: ${outcome.message}`, summary: text };
      if (doerOf(task) !== "prepares") return written;
      const why = whyPerson(task);
      const detail = { why, text: text.slice(0, shownCharacters), file };
      return {
        ...written,
        status: "held",
        message: `The text is ready in ${file}. ${why}`,
        hold: { name: "last-step", waitFor: "human", onDone: "complete", detail },
      };
    },
  };
}
