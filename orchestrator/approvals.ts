/**
 * Asks for approvals and takes decisions. An approval is bound to a digest of everything that it lets go ahead: the task, what it unlocks with
 * commands and parameters, what the tasks before it reported, and the files in the workspace. The digest is taken again at the moment of the
 * decision, so that one byte that changed in between makes it another approval.
 */
import { createHash } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import type { Task } from "../plan/model.ts";
import type { Approval, ApprovalDecision, ApprovalSubject, DecisionAnswer } from "./api/approval-contract.ts";
import type { ApprovalLinks } from "./approval-link.ts";
import { LonghaulError } from "./domain/errors.ts";
import type { ApprovalRow, ApprovalStore } from "./store/approvals.ts";
import type { TreeState } from "./verification/tree-state.ts";

export type ApprovalOptions = {
  store: ApprovalStore;
  links: ApprovalLinks;
  treeState(folder: string): Promise<TreeState>;
  url(): string;
  /** How long one may wait for its decision. */
  seconds: number;
  onChange(executionId: string): void;
  onError(error: unknown, doing: string): void;
  now(): number;
};

const longestPollMs = 5_000;
/** Of its time: often enough for every reminder and the warning. */
const pollEvery = 0.02;
/** Of its time, when a warning goes out. */
const warnedAfter = 0.8;
/** Of its time, when somebody is reminded of it. */
const remindedAfter = [0.02, 0.1, 0.3, 0.6];
const listed = 200;
const longestText = 2_000;

export class Approvals {
  readonly #options: ApprovalOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(options: ApprovalOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.wake(), Math.min(longestPollMs, this.#options.seconds * pollEvery * 1000));
    this.wake();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#again = false;
    await this.#running;
  }

  /** Looks for tasks that wait for an approval nobody was asked for yet. */
  wake(): void {
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#running = this.#ask()
      .catch((error: unknown) => this.#options.onError(error, "asking for approvals"))
      .finally(() => {
        this.#running = undefined;
        if (this.#again) {
          this.#again = false;
          this.wake();
        }
      });
  }

  async list(executionId: string | undefined): Promise<Approval[]> {
    return (await this.#options.store.list(executionId, listed)).map((row) => this.#answer(row));
  }

  /** @throws LonghaulError not_found */
  async approval(id: string): Promise<Approval> {
    const row = await this.#options.store.approval(id);
    if (row === undefined) throw new LonghaulError("not_found", `No approval ${id}`, { hint: "GET /api/approvals lists them." });
    return this.#answer(row);
  }

  /** @throws LonghaulError not_found; conflict when it was decided otherwise, ran out, or is about something else by now */
  async decide(id: string, { decision, digest, note }: ApprovalDecision, by: string, channel: string): Promise<DecisionAnswer> {
    const { store, onChange } = this.#options;
    const row = await store.approval(id);
    if (row === undefined) throw new LonghaulError("not_found", `No approval ${id}`, { hint: "GET /api/approvals lists them." });
    if (row.status === "pending" && digest === row.digest) await this.#refuseWhatChanged(row);
    const changed = await store.decide({ id, digest, approve: decision === "approve", by, channel, note });
    onChange(row.execution_id);
    return { approvalId: id, executionId: row.execution_id, status: decision === "approve" ? "approved" : "rejected", changed };
  }

  /**
   * Decides what a task waits for, as it was asked.
   * @throws LonghaulError conflict when it does not wait for an approval, or for something else by now
   */
  async decideTask(executionId: string, ordinal: number, approve: boolean, note: string | undefined): Promise<boolean> {
    const { store, seconds } = this.#options;
    const asked = (await store.list(executionId, listed)).find((row) => row.ordinal === ordinal && row.status === "pending");
    if (asked !== undefined) {
      await this.#refuseWhatChanged(asked);
      return store.decide({ id: asked.id, digest: asked.digest, approve, by: "owner", channel: "api", note });
    }
    const found = await this.#subjectOf(executionId, ordinal);
    const id = found && (await store.request(uuidv7(), { executionId, ordinal }, found.subject, found.digest, seconds));
    if (found === undefined || id === null || id === undefined)
      throw new LonghaulError("conflict", "The task does not wait for an approval.");
    return store.decide({ id, digest: found.digest, approve, by: "owner", channel: "api", note });
  }

  async #refuseWhatChanged(row: ApprovalRow): Promise<void> {
    const key = { executionId: row.execution_id, ordinal: row.ordinal };
    const found = await this.#subjectOf(key.executionId, key.ordinal);
    if (found === undefined || found.digest === row.digest) return;
    await this.#options.store.request(uuidv7(), key, found.subject, found.digest, this.#options.seconds);
    this.#options.onChange(row.execution_id);
    throw new LonghaulError("conflict", "What was to be approved has changed since it was shown.", {
      hint: "Look at it again: longhaul approvals, or GET /api/approvals.",
    });
  }

  async #ask(): Promise<void> {
    const { store, seconds, now } = this.#options;
    for (const task of await store.unapproved()) {
      const left = task.expires_at === null ? 0 : task.expires_at.getTime() - now();
      if (task.approval_id !== null && left > 0) {
        const waited = (now() - (task.requested_at?.getTime() ?? now())) / (seconds * 1000);
        const due = remindedAfter.filter((share) => waited > share).length;
        if (waited > warnedAfter && task.warned !== true) await store.warn(task.approval_id);
        else if (due > (task.reminders ?? 0)) await store.remind(task.approval_id, (task.reminders ?? 0) + 1);
        continue;
      }
      const key = { executionId: task.execution_id, ordinal: task.ordinal };
      const found = await this.#subjectOf(key.executionId, key.ordinal);
      if (found !== undefined) await store.request(uuidv7(), key, found.subject, found.digest, seconds);
      this.#options.onChange(task.execution_id);
    }
  }

  async #subjectOf(executionId: string, ordinal: number): Promise<{ subject: ApprovalSubject; digest: string } | undefined> {
    const row = await this.#options.store.subject(executionId, ordinal);
    if (row === undefined) return undefined;
    const { commit, tree } = await this.#options.treeState(row.workspace);
    const exact = {
      executionId,
      ordinal,
      task: row.spec,
      hold: row.hold,
      unlocks: row.unlocks,
      results: row.results,
      commit,
      tree,
    };
    const subject = {
      title: row.title,
      taskId: row.task_id,
      why: row.hold?.name ?? row.spec.requiresHuman ?? null,
      unlocks: (row.unlocks ?? []).map(({ id, spec }) => ({
        id,
        title: spec.title,
        does: whatItDoes(spec),
      })),
      results: row.results ?? [],
      workspace: row.workspace,
      commit,
      tree,
      detail: row.hold,
    };
    return { subject, digest: createHash("sha256").update(JSON.stringify(exact)).digest("hex") };
  }

  #answer(row: ApprovalRow): Approval {
    const { links, url } = this.#options;
    const expiresMs = row.expires_at.getTime();
    const ticket = links.ticket({ id: row.id, digest: row.digest, expiresMs });
    return {
      id: row.id,
      executionId: row.execution_id,
      executionTitle: row.execution_title,
      taskId: row.task_id,
      title: row.subject.title,
      subject: row.subject,
      digest: row.digest,
      status: row.status,
      requestedAt: row.requested_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
      decidedAt: row.decided_at?.toISOString() ?? null,
      decidedBy: row.decided_by,
      channel: row.channel,
      note: row.note,
      link: row.status === "pending" ? `${url()}/approve/${ticket}` : null,
    };
  }
}

function whatItDoes({ kind, params = {}, description = "" }: Partial<Task>): string {
  const { command, prompt } = params;
  const text = [command, prompt, description].find((given) => typeof given === "string" && given !== "") ?? "";
  return `${kind}: ${text as string}`.slice(0, longestText);
}
