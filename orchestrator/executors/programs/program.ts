/**
 * Work that is our own code and not the plan's, in a process of its own: it is under a supervisor like any command, so it goes on when the
 * orchestrator is killed, has limits, and what it loads (a browser driver, a mail client) never weighs on the orchestrator.
 *
 * Its order comes on stdin, secrets in the environment; what it says on stdout is the task's output; its result is a file beside the
 * supervisor's. Imported by the process that performs, so types and node's own modules only.
 */
import type { FailureClass, Usage } from "../../domain/task.ts";

/** What the process is told. Lies on disk as the attempt's `order.json`, so nothing secret is in it. */
export type Order = {
  kind: string;
  params: unknown;
  /** The folder to work in: the workspace or `params.cwd` inside it. */
  folder: string;
  workspace: string;
  /** Folder for what is kept of the attempt. */
  artifacts: string;
  /** The same for every attempt at one task of one execution. */
  idempotencyKey: string;
  /** What the node adds to what the plan says. */
  settings: Record<string, unknown>;
  /** Doing it again when its outcome is unknown does no harm. */
  repeatable: boolean;
  /** Names of what the task was held for and a person has let go. */
  released: string[];
};

/** Files are named relative to the artifacts folder. */
export type ArtifactFile = { name: string; mediaType: string };

export type Result = {
  status: "succeeded" | "failed";
  message: string;
  failureClass?: FailureClass;
  summary?: string;
  artifacts?: ArtifactFile[];
  /** How long the host of the request asks to be left alone. */
  retryAfterMs?: number;
  usage?: Usage;
  /** It may or may not have happened: somebody has to look. */
  unknown?: boolean;
  /** It is prepared, and goes on (with the name among `released`) when a person approves exactly this. */
  approve?: { name: string; detail: Record<string, unknown> };
  /** It is prepared, and a person does the last step. */
  forPerson?: Record<string, unknown>;
};

export type Around = Order & {
  /** Values by the names that the plan uses for them, and what the node's own settings keep secret. */
  secrets: Readonly<Record<string, string>>;
  /** A line of output. */
  say(line: string): void;
  /** Said right before what cannot be taken back: if the process ends without a result after this, its outcome is unknown. */
  acting(): void;
};

export type Perform<Params> = (params: Params, around: Around) => Promise<Result>;

export const programFiles = { order: "order.json", result: "result.json", acting: "acting", artifacts: "artifacts" } as const;
export const secretsVariable = "LONGHAUL_PROGRAM_SECRETS";
