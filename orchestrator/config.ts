/**
 * Environment and `.env` file → one frozen Config (SPEC §17). The only file that reads `process.env`; everything else is handed its part.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { parseEnv } from "node:util";
import { z } from "zod";
import type { NotificationConfig } from "../notifications/configured.ts";
import { IsolationLevel } from "../plan/isolation.ts";
import { type S3Settings, s3Of, s3Variables } from "./artifacts/s3-settings.ts";
import { LonghaulError } from "./domain/errors.ts";
import { healthVariables, type Thresholds, thresholdsOf } from "./health/thresholds.ts";
import { type TaskSecret, taskSecretsOf } from "./task-secrets.ts";
import { type Endpoints, endpointsOf, telemetryVariables } from "./telemetry/endpoints.ts";
import { type VerificationPolicy, verificationPolicyOf, verificationVariables } from "./verification/policy.ts";

const count = (fallback: number, maximum: number) => z.coerce.number().int().min(1).max(maximum).default(fallback);

const httpUrl = z.url({ protocol: /^https?$/, error: "must be an http:// or https:// URL" });

const Environment = z.object({
  LONGHAUL_HOME: z.string().refine(isAbsolute, "must be an absolute path").optional(),
  LONGHAUL_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  LONGHAUL_TOKEN: z.string().min(16, "must have at least 16 characters").optional(),
  LONGHAUL_CONCURRENCY: count(16, 10_000),
  LONGHAUL_SHELL_CONCURRENCY: count(8, 10_000),
  LONGHAUL_CLAUDE_CONCURRENCY: count(3, 1000),
  LONGHAUL_BROWSER_CONCURRENCY: count(2, 1000),
  LONGHAUL_AGENT_CONCURRENCY: count(1_000, 100_000),
  LONGHAUL_AGENT_SILENT_SECONDS: z.coerce.number().min(1).max(604_800).default(1_800),
  LONGHAUL_LEASE_SECONDS: z.coerce.number().min(1).max(3600).default(30),
  LONGHAUL_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  LONGHAUL_CLAUDE: z.string().optional(),
  LONGHAUL_CLAUDE_BILLING: z.enum(["subscription", "api_key"]).optional(),
  LONGHAUL_SAME_FAILURES: z.coerce.number().int().min(2).max(1000).default(3),
  LONGHAUL_DAY_USD: z.coerce.number().positive().optional(),
  LONGHAUL_DAY_TOKENS: z.coerce.number().int().positive().optional(),
  LONGHAUL_DAY_MINUTES: z.coerce.number().positive().optional(),
  LONGHAUL_RESERVE_SHARE: z.coerce.number().min(0).max(0.95).default(0.1),
  LONGHAUL_ISOLATION: IsolationLevel.optional(),
  LONGHAUL_CONTAINER_ENGINE: z.enum(["podman", "docker", "none"]).optional(),
  LONGHAUL_CONTAINER_IMAGE: z.string().min(1).optional(),
  LONGHAUL_SANDBOX_WRITABLE: z.string().optional(),
  LONGHAUL_SANDBOX_REVEAL: z.string().optional(),
  LONGHAUL_SHARED_PATHS: z
    .string()
    .refine((text) => listOf(text).every(isAbsolute), "must be absolute paths, separated by commas")
    .optional(),
  LONGHAUL_MAX_PLAN_BYTES: count(2 * 1024 * 1024, 1024 ** 3),
  LONGHAUL_MAX_TASKS: count(10_000, 1_000_000),
  LONGHAUL_RETAIN_EVENT_DAYS: count(90, 36_500),
  LONGHAUL_RETAIN_LOG_DAYS: count(90, 36_500),
  LONGHAUL_SNAPSHOT_DAYS: count(30, 36_500),
  LONGHAUL_ALLOWED_HOSTS: z.string().optional(),
  LONGHAUL_TASK_HOSTS: z.string().optional(),
  LONGHAUL_HOST_REQUESTS_PER_MINUTE: count(120, 1_000_000),
  LONGHAUL_EMAIL_RECIPIENTS: count(5, 50),
  LONGHAUL_CHROMIUM: z.string().optional(),
  CONTENT_MODEL: z.string().optional(),
  ANTHROPIC_API_KEY: z.string().optional(),
  ANTHROPIC_BASE_URL: httpUrl.default("https://api.anthropic.com"),
  GITHUB_API_URL: httpUrl.default("https://api.github.com"),
  QDRANT_URL: z.url({ protocol: /^https?$/, error: "must be an http:// or https:// URL" }).optional(),
  QDRANT_HOST: z.string().optional(),
  QDRANT_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  QDRANT_API_KEY: z.string().optional(),
  QDRANT_REPLICATION_FACTOR: count(1, 100),
  OPENAI_BASE_URL: z.url({ protocol: /^https?$/, error: "must be an http:// or https:// URL" }).optional(),
  OPENAI_API_KEY: z.string().optional(),
  PLAN_MODEL: z.string().optional(),
  EMBEDDING_MODEL: z.string().optional(),
  EMBEDDING_QUERY_PREFIX: z.string().default(""),
  EMBEDDING_DOCUMENT_PREFIX: z.string().default(""),
  EMBEDDING_FLOOR: z.coerce.number().min(0).max(1).optional(),
  VOICE_SERVER_URL: httpUrl.optional(),
  VOICE_ID: z.string().optional(),
  NTFY_URL: httpUrl.default("https://ntfy.sh"),
  NTFY_TOPIC: z.string().optional(),
  NTFY_TOKEN: z.string().optional(),
  DISCORD_WEBHOOK: httpUrl.optional(),
  SLACK_WEBHOOK: httpUrl.optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: "must be an smtp:// or smtps:// URL" }).optional(),
  SMTP_FROM: z.string().default("longhaul@localhost"),
  SMTP_TO: z.string().optional(),
  WEBHOOK_URL: httpUrl.optional(),
  WEBHOOK_ALLOW_PRIVATE: z.stringbool().default(false),
  LONGHAUL_QUIET_HOURS: z.string().optional(),
  LONGHAUL_APPROVAL_HOURS: z.coerce.number().positive().max(8760).default(72),
  ...healthVariables,
  ...verificationVariables,
  ...telemetryVariables,
  ...s3Variables,
  LONGHAUL_METRICS_MINUTES: z.coerce.number().positive().max(525_600).default(60),
  LONGHAUL_METRICS_PLANS: count(1000, 100_000),
  LONGHAUL_HOLDOUT: z.coerce.number().min(0).max(0.9).default(0.1),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgres:// URL" }).optional(),
  POSTGRES_HOST: z.string().optional(),
  POSTGRES_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  POSTGRES_DB: z.string().optional(),
  POSTGRES_USER: z.string().optional(),
  POSTGRES_PASSWORD: z.string().optional(),
});

/** Everything the product can be told, validated; see docs/configuration.md. */
export type Config = Readonly<{
  home: string;
  port: number;
  /** A port that was asked for by name is never replaced by a free one. */
  portIsExplicit: boolean;
  token: string | undefined;
  database:
    | { kind: "embedded" }
    | { kind: "url"; url: string }
    | { kind: "parts"; host: string; port: number; database: string; user: string; password: string | undefined };
  concurrency: number;
  perKind: Readonly<Record<string, number>>;
  leaseSeconds: number;
  /** How long a remote agent may show no sign of life. */
  agentSilentSeconds: number;
  logLevel: string;
  claudeBinary: string | undefined;
  /** What Claude sessions are billed to; without it what Claude Code itself chooses. */
  claudeBilling: "subscription" | "api_key" | undefined;
  /** Share of a subscription's five-hour window that new sessions leave to the person. */
  reserveShare: number;
  /** So many equal failures of a task in a row are enough; then a person is asked. */
  sameFailures: number;
  /** What all executions together may spend in a day (UTC); empty where nothing limits it. */
  dayBudget: Readonly<{ usd?: number; tokens?: number; seconds?: number }>;
  /** How tasks are held that ask for nothing; without it the strongest level that works. Paths besides the usual ones are for all. */
  isolation: Readonly<{
    level: IsolationLevel | undefined;
    writable: readonly string[];
    reveal: readonly string[];
    engine: "podman" | "docker" | "none" | undefined;
    image: string | undefined;
  }>;
  notifications: NotificationConfig;
  /** When a running task or a disk is out of bounds. */
  health: Thresholds;
  verification: VerificationPolicy;
  /** Where traces and logs are sent. */
  telemetry: Endpoints | undefined;
  /** Where artifacts are brought. */
  s3: S3Settings | undefined;
  /** Of which executions `/metrics` has series. */
  metrics: Readonly<{ retainSeconds: number; mostPlans: number }>;
  /** How long an approval waits for its decision before it is asked for anew. */
  approvalHours: number;
  /** Reads what rules can only guess about a plan. */
  planModel: { name: string; baseUrl: string | undefined; apiKey: string | undefined } | undefined;
  learning: Readonly<{
    qdrant: { url: string; apiKey: string | undefined; replicationFactor: number } | undefined;
    embedding:
      | {
          baseUrl: string | undefined;
          apiKey: string | undefined;
          model: string;
          queryPrefix: string;
          documentPrefix: string;
          floor: number | undefined;
        }
      | undefined;
    /** Share of agent tasks that are not told what similar ones were like. */
    holdout: number;
  }>;
  /** Folders that other nodes see under the same name. */
  sharedPaths: readonly string[];
  maxPlanBytes: number;
  maxTasks: number;
  allowedHosts: readonly string[];
  /** How long the files of executions that ended are kept. */
  snapshotDays: number;
  /** How long the log of an execution that ended, and the files of its attempts, are kept. */
  retainDays: Readonly<{ events: number; logs: number }>;
  /** What tasks may do outside: hosts that the owner named, secrets by name, and how often one host is called. */
  tasks: TaskConfig;
  /** The environment that task processes take their allow-listed part from. */
  environment: Readonly<Record<string, string | undefined>>;
}>;

type TaskConfig = Readonly<{
  hosts: readonly string[];
  secrets: Readonly<Record<string, TaskSecret>>;
  requestsPerMinute: number;
  githubApi: string;
  /** The browser of browser tasks; what is found on the PATH without it. */
  chromium: string | undefined;
  /** How e-mail goes out, and to how many at once. */
  smtp: { url: string; from: string; mostRecipients: number } | undefined;
  /** What writes texts. */
  content: { provider: "anthropic" | "openai"; baseUrl: string; model: string; apiKey: string } | undefined;
}>;

/**
 * Reads the configuration. Values of the environment win over those of `LONGHAUL_HOME/.env`.
 * @throws LonghaulError invalid_input naming every variable that is wrong and what it must be
 */
export function loadConfig(environment: Record<string, string | undefined> = process.env): Config {
  const home = environment["LONGHAUL_HOME"] || defaultHome(environment);
  const file = join(home, ".env");
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {};
  const merged = { ...fromFile, ...environment };
  const given = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined && value !== ""));
  const result = Environment.safeParse(given);
  if (!result.success) {
    const lines = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new LonghaulError("invalid_input", `The configuration is wrong: ${lines.join("; ")}`, {
      hint: `Correct the variable in the environment or in ${file}.`,
    });
  }
  const values = result.data;
  if (values.LONGHAUL_CLAUDE_BILLING === "api_key" && !merged["ANTHROPIC_API_KEY"]) {
    throw new LonghaulError("invalid_input", "LONGHAUL_CLAUDE_BILLING is api_key, and there is no ANTHROPIC_API_KEY", {
      hint: `Set the key in the environment or in ${file}, or choose subscription.`,
    });
  }
  return Object.freeze({
    home,
    port: values.LONGHAUL_PORT ?? 8400,
    portIsExplicit: values.LONGHAUL_PORT !== undefined,
    token: values.LONGHAUL_TOKEN,
    database: databaseOf(values),
    concurrency: values.LONGHAUL_CONCURRENCY,
    perKind: Object.freeze({
      shell: values.LONGHAUL_SHELL_CONCURRENCY,
      claude: values.LONGHAUL_CLAUDE_CONCURRENCY,
      agent: values.LONGHAUL_AGENT_CONCURRENCY,
    }),
    leaseSeconds: values.LONGHAUL_LEASE_SECONDS,
    agentSilentSeconds: values.LONGHAUL_AGENT_SILENT_SECONDS,
    logLevel: values.LONGHAUL_LOG_LEVEL,
    claudeBinary: values.LONGHAUL_CLAUDE,
    claudeBilling: values.LONGHAUL_CLAUDE_BILLING,
    reserveShare: values.LONGHAUL_RESERVE_SHARE,
    sameFailures: values.LONGHAUL_SAME_FAILURES,
    dayBudget: Object.freeze({
      ...(values.LONGHAUL_DAY_USD === undefined ? {} : { usd: values.LONGHAUL_DAY_USD }),
      ...(values.LONGHAUL_DAY_TOKENS === undefined ? {} : { tokens: values.LONGHAUL_DAY_TOKENS }),
      ...(values.LONGHAUL_DAY_MINUTES === undefined ? {} : { seconds: values.LONGHAUL_DAY_MINUTES * 60 }),
    }),
    isolation: Object.freeze({
      level: values.LONGHAUL_ISOLATION,
      writable: listOf(values.LONGHAUL_SANDBOX_WRITABLE),
      reveal: listOf(values.LONGHAUL_SANDBOX_REVEAL),
      engine: values.LONGHAUL_CONTAINER_ENGINE,
      image: values.LONGHAUL_CONTAINER_IMAGE,
    }),
    notifications: notificationsOf(values),
    health: thresholdsOf(values),
    verification: verificationPolicyOf(values),
    telemetry: endpointsOf(values),
    s3: s3Of(values),
    metrics: Object.freeze({ retainSeconds: values.LONGHAUL_METRICS_MINUTES * 60, mostPlans: values.LONGHAUL_METRICS_PLANS }),
    approvalHours: values.LONGHAUL_APPROVAL_HOURS,
    planModel:
      values.PLAN_MODEL === undefined
        ? undefined
        : { name: values.PLAN_MODEL, baseUrl: values.OPENAI_BASE_URL, apiKey: values.OPENAI_API_KEY },
    learning: learningOf(values),
    sharedPaths: Object.freeze(listOf(values.LONGHAUL_SHARED_PATHS)),
    maxPlanBytes: values.LONGHAUL_MAX_PLAN_BYTES,
    maxTasks: values.LONGHAUL_MAX_TASKS,
    retainDays: Object.freeze({ events: values.LONGHAUL_RETAIN_EVENT_DAYS, logs: values.LONGHAUL_RETAIN_LOG_DAYS }),
    snapshotDays: values.LONGHAUL_SNAPSHOT_DAYS,
    allowedHosts: listOf(values.LONGHAUL_ALLOWED_HOSTS),
    tasks: tasksOf(values, merged),
    environment: merged,
  });
}

function tasksOf(values: z.infer<typeof Environment>, environment: Readonly<Record<string, string | undefined>>): TaskConfig {
  return Object.freeze({
    hosts: listOf(values.LONGHAUL_TASK_HOSTS),
    secrets: taskSecretsOf(environment),
    requestsPerMinute: values.LONGHAUL_HOST_REQUESTS_PER_MINUTE,
    githubApi: values.GITHUB_API_URL.replace(/\/$/, ""),
    chromium: values.LONGHAUL_CHROMIUM,
    smtp:
      values.SMTP_URL === undefined
        ? undefined
        : { url: values.SMTP_URL, from: values.SMTP_FROM, mostRecipients: values.LONGHAUL_EMAIL_RECIPIENTS },
    content: contentOf(values),
  });
}

/** A model has to be named; Claude's are asked at Anthropic, all others at what OPENAI_BASE_URL says. */
function contentOf(values: z.infer<typeof Environment>): TaskConfig["content"] {
  const { CONTENT_MODEL: model } = values;
  if (model === undefined) return undefined;
  if (!/^claude/i.test(model)) {
    const baseUrl = values.OPENAI_BASE_URL ?? "https://api.openai.com/v1";
    return { provider: "openai", baseUrl, model, apiKey: values.OPENAI_API_KEY ?? "" };
  }
  return { provider: "anthropic", baseUrl: values.ANTHROPIC_BASE_URL, model, apiKey: values.ANTHROPIC_API_KEY ?? "" };
}

/** Words between commas. */
function listOf(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

/** The embedded server runs as another user than root, who must be able to reach its files: under root that rules out /root. */
function defaultHome(environment: Record<string, string | undefined>): string {
  if (process.getuid?.() === 0) return "/var/lib/longhaul";
  const userHome = environment["HOME"] || homedir();
  return join(environment["XDG_DATA_HOME"] || join(userHome, ".local", "share"), "longhaul");
}

function notificationsOf(values: z.infer<typeof Environment>): NotificationConfig {
  const { VOICE_SERVER_URL: voice, NTFY_TOPIC: topic, SMTP_URL: smtp, SMTP_TO: to } = values;
  return {
    voice: voice === undefined ? undefined : { url: voice, voiceId: values.VOICE_ID },
    ntfy: topic === undefined ? undefined : { url: values.NTFY_URL, topic, token: values.NTFY_TOKEN },
    discord: values.DISCORD_WEBHOOK,
    slack: values.SLACK_WEBHOOK,
    email: smtp === undefined || to === undefined ? undefined : { url: smtp, from: values.SMTP_FROM, to },
    webhook: { url: values.WEBHOOK_URL, allowPrivate: values.WEBHOOK_ALLOW_PRIVATE },
    quietHours: values.LONGHAUL_QUIET_HOURS,
  };
}

/** The key alone turns nothing on: what is embedded leaves the machine, so a model has to be named. */
function learningOf(values: z.infer<typeof Environment>): Config["learning"] {
  const url = values.QDRANT_URL ?? (values.QDRANT_HOST && `http://${values.QDRANT_HOST}:${values.QDRANT_PORT ?? 6333}`);
  const model = values.EMBEDDING_MODEL;
  return {
    qdrant: url ? { url, apiKey: values.QDRANT_API_KEY, replicationFactor: values.QDRANT_REPLICATION_FACTOR } : undefined,
    embedding:
      model === undefined
        ? undefined
        : {
            baseUrl: values.OPENAI_BASE_URL,
            apiKey: values.OPENAI_API_KEY,
            model,
            queryPrefix: values.EMBEDDING_QUERY_PREFIX,
            documentPrefix: values.EMBEDDING_DOCUMENT_PREFIX,
            floor: values.EMBEDDING_FLOOR,
          },
    holdout: values.LONGHAUL_HOLDOUT,
  };
}

function databaseOf(values: z.infer<typeof Environment>): Config["database"] {
  if (values.DATABASE_URL !== undefined) return { kind: "url", url: values.DATABASE_URL };
  if (values.POSTGRES_HOST === undefined) return { kind: "embedded" };
  return {
    kind: "parts",
    host: values.POSTGRES_HOST,
    port: values.POSTGRES_PORT ?? 5432,
    database: values.POSTGRES_DB ?? "longhaul",
    user: values.POSTGRES_USER ?? "longhaul",
    password: values.POSTGRES_PASSWORD,
  };
}
