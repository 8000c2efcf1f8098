/** The files that tasks left: lists them, or saves them into a folder. */

import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { artifactContent, artifactsOf } from "../../client/artifacts.ts";
import type { Artifact } from "../../orchestrator/api/artifact-contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { CommandFailure } from "../failure.ts";
import { resolveExecution, type Session } from "../session.ts";
import { answer } from "../terminal.ts";
import { columns } from "../text-width.ts";

export async function artifacts(
  session: Session,
  execution: string,
  flags: { json?: boolean; task?: string; save?: string },
): Promise<number> {
  const client = await session.client();
  const list = await artifactsOf(client, await resolveExecution(client, execution), flags.task);
  const saved: string[] = [];
  if (flags.save !== undefined) {
    for (const artifact of list.artifacts) {
      const file = placeOf(artifact, flags.save);
      await mkdir(dirname(file), { recursive: true });
      const content = await artifactContent(client, artifact.id);
      await pipeline(Readable.fromWeb(content), createWriteStream(file));
      saved.push(file);
    }
  }
  answer(flags.json === true, { ...list, saved }, () =>
    list.artifacts.length === 0
      ? ["No files."]
      : flags.save === undefined
        ? columns(
            list.artifacts.map(({ taskId, attempt, name, bytes, objectKey, location }) => [
              taskId ?? "",
              String(attempt ?? ""),
              name,
              `${bytes} B`,
              objectKey ?? location,
            ]),
          )
        : saved,
  );
  return exitCodes.ok;
}

/** Names come from tasks: none may lead out of the folder. */
function placeOf({ taskId, attempt, name }: Artifact, folder: string): string {
  const root = resolve(folder);
  const place = resolve(root, taskId ?? "plan", String(attempt ?? 0), name);
  if (!place.startsWith(root + sep))
    throw new CommandFailure(
      `The artifact ${JSON.stringify(name)} of ${taskId ?? "the plan"} has a name that leads out of ${root}.`,
      exitCodes.failed,
    );
  return place;
}
