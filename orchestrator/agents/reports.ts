/**
 * Takes in what agents report: many reports that come together are one transaction, and the answer is sent when it is durable. A report counts
 * once, however often it is sent. Texts are cleaned of secrets before they are stored; artifacts become files, under the name they were given.
 */
import { createHash } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { v7 as uuidv7 } from "uuid";
import type { ReportAnswer, ReportEvent, WorkReport, WorkResult } from "../api/agent-work-contract.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { AgentPrincipal } from "../domain/principal.ts";
import type { AttemptEvent } from "../executors/executor.ts";
import { type AgentWorkStore, mostBytes, type Report, type Reported } from "../store/agent-work.ts";
import { createBatch } from "./batch.ts";
import type { Dispatcher } from "./dispatcher.ts";

export type ReportOptions = {
  store: Pick<AgentWorkStore, "report" | "placeOf">;
  dispatcher: Pick<Dispatcher, "heard" | "halted" | "haltsOf" | "ended">;
  redact(text: string): string;
  /** Folder of an attempt on this machine. */
  directoryOf(executionId: string, ordinal: number, attempt: number): string;
  onRecorded(executionIds: string[]): void;
  onRefused(agent: AgentPrincipal, executionId: string, status: number, reason: string): void;
};

/** Reports that are written in one transaction. */
const mostTogether = 200;
export const artifactFolder = "artifacts";

export type TakeReport = (agent: AgentPrincipal, executionId: string, report: WorkReport) => Promise<ReportAnswer>;

/** The function that takes in a report. It throws LonghaulError: not_found for work of others, conflict for what is over. */
export function createReports(options: ReportOptions): TakeReport {
  const write = createBatch(async (reports: Report[]) => {
    const answers = await options.store.report(reports).catch((error: unknown) => {
      if (reports.length === 1 || (error instanceof LonghaulError && error.retryable)) throw error;
      return oneByOne(reports); // what one report holds must not cost the others theirs
    });
    options.onRecorded([...new Set(reports.map(({ executionId }) => executionId))]);
    return answers;
  }, mostTogether);

  async function oneByOne(reports: readonly Report[]): Promise<Reported[]> {
    const answers: Reported[] = [];
    for (const report of reports) {
      const [answer] = await options.store.report([report]).catch(() => []);
      answers.push(answer ?? { outcome: "broken", recorded: 0, lastSeq: 0, ordinal: null });
    }
    return answers;
  }

  return async (agent, executionId, given) => {
    const { reportId, taskId, attempt } = given;
    const about = { agentId: agent.id, executionId, taskId, attempt };
    if (!isId.test(executionId))
      refuse(agent, executionId, given, { outcome: "unknown", recorded: 0, lastSeq: 0, ordinal: null });
    const bytes = given.events.reduce((sum, event) => sum + sizeOf(event), 0);
    const artifacts = await keepArtifacts(about, given.events, bytes);
    const reported = await write({
      ...about,
      reportId,
      digest: createHash("sha256").update(JSON.stringify(given)).digest("hex"),
      events: given.events.map((event) => eventOf(event, options.redact)),
      bytes,
      artifacts,
      result: given.result && withoutSecrets(given.result, options.redact),
    });
    refuse(agent, executionId, given, reported);
    options.dispatcher.heard(agent.id, about);
    if (given.result?.status === "halted") options.dispatcher.halted(agent.id, about);
    if (given.result !== undefined && reported.ordinal !== null)
      options.dispatcher.ended(`${executionId}/${reported.ordinal}/${attempt}`);
    return { reportId, recorded: reported.recorded, lastSeq: reported.lastSeq, halt: options.dispatcher.haltsOf(agent.id) };
  };

  function refuse(agent: AgentPrincipal, executionId: string, { reportId, taskId, attempt }: WorkReport, { outcome }: Reported) {
    if (outcome === "recorded" || outcome === "repeated") return;
    if (outcome === "unknown") {
      options.onRefused(agent, executionId, 404, `reports about ${taskId}, attempt ${attempt}, which is not its work`);
      throw new LonghaulError("not_found", "There is no such work of yours.", { hint: "GET /api/agents/ID/work hands it out." });
    }
    if (outcome === "broken") throw new LonghaulError("invalid_input", "The report holds characters that cannot be stored.");
    if (outcome === "full") {
      throw new LonghaulError(
        "too_large",
        `Attempt ${attempt} at ${taskId} has reported ${mostBytes} bytes, which is all that is kept of one.`,
      );
    }
    if (outcome === "reused") {
      throw new LonghaulError("conflict", `reportId: '${reportId}' was used for another report`, {
        hint: "Give each report an id of its own.",
      });
    }
    options.onRefused(agent, executionId, 409, `reports about ${taskId}, attempt ${attempt}, which is over`);
    throw new LonghaulError("conflict", `Attempt ${attempt} at ${taskId} is over, or no longer yours: nothing was recorded.`, {
      hint: "Stop working on it, and ask for other work.",
    });
  }

  /** Files come first: what the database says is there, is there. Whose work it is, is asked before anything is written. */
  async function keepArtifacts(
    about: { agentId: string; executionId: string; taskId: string; attempt: number },
    events: readonly ReportEvent[],
    bytes: number,
  ): Promise<Report["artifacts"]> {
    const artifacts = events.filter((event) => event.type === "artifact");
    if (artifacts.length === 0) return [];
    const ordinal = await options.store.placeOf(about, bytes);
    if (ordinal === undefined) return []; // the report is refused as well
    const folder = join(options.directoryOf(about.executionId, ordinal, about.attempt), artifactFolder);
    await mkdir(folder, { recursive: true });
    return Promise.all(
      artifacts.map(async ({ name, mediaType, content, encoding }) => {
        const data = Buffer.from(content, encoding);
        const location = join(folder, name);
        const draft = join(folder, `.${uuidv7()}`);
        await writeFile(draft, data, { mode: 0o600, flush: true });
        await rename(draft, location);
        return { id: uuidv7(), name, mediaType, bytes: data.length, digest: digestOf(data), location };
      }),
    );
  }
}

const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const sizeOf = (event: ReportEvent): number =>
  event.type === "log" ? event.text.length : event.type === "artifact" ? event.content.length : (event.message?.length ?? 0);

const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

function eventOf(event: ReportEvent, redact: (text: string) => string): AttemptEvent {
  const clean = (text: string) => redact(text).toWellFormed();
  switch (event.type) {
    case "log":
      return { type: "task.output", data: { text: clean(event.text) } };
    case "progress":
      return {
        type: "task.progress",
        data: {
          ...(event.percent === undefined ? {} : { percent: event.percent }),
          ...(event.message === undefined ? {} : { message: clean(event.message) }),
        },
      };
    case "artifact":
      return { type: "task.artifact", data: { name: event.name, mediaType: event.mediaType } };
  }
}

const withoutSecrets = (result: WorkResult, redact: (text: string) => string): WorkResult => ({
  ...result,
  ...(result.summary === undefined ? {} : { summary: redact(result.summary).toWellFormed() }),
  ...(result.message === undefined ? {} : { message: redact(result.message).toWellFormed() }),
});
