/**
 * The state of everything outside this process that a feature needs, asked at the moment of the question and kept for a few seconds, so that
 * many who look cost the services nothing. What a service says is shown without secrets, and none of them can hold up the answer.
 */
import type { Health } from "../api/contract.ts";
import type { NotificationStore } from "../store/notifications.ts";
import { disksOf, diskText } from "./disk.ts";
import type { Thresholds } from "./thresholds.ts";

export type Dependency = Health["dependencies"][string];

export type DependencyOptions = {
  home: string;
  thresholds: Pick<Thresholds, "diskShare" | "diskCriticalShare">;
  qdrant: { url: string; apiKey: string | undefined } | undefined;
  embedding: { baseUrl: string | undefined; apiKey: string | undefined; model: string } | undefined;
  notifications: Pick<NotificationStore, "lastDeliveries">;
  channels: readonly string[];
  /** What the last export of telemetry came to; undefined where none is configured. */
  telemetry: (() => Dependency) | undefined;
  /** What the last artifact that was brought to the bucket came to; undefined where none is configured. */
  s3: (() => Dependency) | undefined;
  redact(text: string): string;
  now(): number;
};

const answerMs = 2_000;
const keptMs = 5_000;
const openAi = "https://api.openai.com/v1";

/** Builds the function that tells the state of all of them but the database. */
export function createDependencyCheck(options: DependencyOptions): () => Promise<Record<string, Dependency>> {
  let kept: { atMs: number; answer: Promise<Record<string, Dependency>> } | undefined;
  return () => {
    if (kept === undefined || options.now() - kept.atMs > keptMs) kept = { atMs: options.now(), answer: ask(options) };
    return kept.answer;
  };
}

async function ask(options: DependencyOptions): Promise<Record<string, Dependency>> {
  const { qdrant, embedding, telemetry, s3, redact } = options;
  const [disk, index, embedder, channels] = await Promise.all([
    diskState(options),
    qdrant === undefined
      ? off("QDRANT_URL is not set; PostgreSQL finds similar tasks")
      : probe(`${trimmed(qdrant.url)}/collections`, qdrant.apiKey === undefined ? {} : { "api-key": qdrant.apiKey }, options),
    embedding === undefined
      ? off("EMBEDDING_MODEL is not set; tasks are compared by words")
      : probe(
          `${trimmed(embedding.baseUrl ?? openAi)}/models`,
          embedding.apiKey === undefined ? {} : { authorization: `Bearer ${embedding.apiKey}` },
          options,
        ),
    channelStates(options),
  ]);
  const all = {
    disk,
    qdrant: index,
    embedding: embedder,
    telemetry: telemetry?.() ?? off("OTEL_EXPORTER_OTLP_ENDPOINT is not set"),
    s3: s3?.() ?? off("S3_ENDPOINT is not set; artifacts stay on disk"),
    ...channels,
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, { detail, ...rest }]) => [
      name,
      detail === undefined ? rest : { ...rest, detail: redact(detail) },
    ]),
  );
}

const off = (detail: string): Dependency => ({ status: "off", detail });
const trimmed = (url: string) => url.replace(/\/+$/, "");

async function diskState({ home, thresholds }: DependencyOptions): Promise<Dependency> {
  const [disk] = await disksOf([home]);
  if (disk === undefined) return { status: "unknown", detail: `the disk of ${home} cannot be read` };
  const short = disk.freeShare < thresholds.diskShare;
  return { status: disk.freeShare < thresholds.diskCriticalShare ? "down" : short ? "degraded" : "up", detail: diskText(disk) };
}

/** Any answer that is no refusal of the key and no fault of the service will do: servers differ in which routes they have. */
async function probe(url: string, headers: Record<string, string>, { now }: DependencyOptions): Promise<Dependency> {
  const beforeMs = now();
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(answerMs), redirect: "manual" });
    await response.body?.cancel();
    const latencyMs = now() - beforeMs;
    if (response.status === 401 || response.status === 403)
      return { status: "down", detail: `refuses the key (${response.status})`, latencyMs };
    if (response.status >= 500) return { status: "down", detail: `answers with ${response.status}`, latencyMs };
    return { status: "up", latencyMs };
  } catch (error) {
    const { name, cause, message } = error as Error & { cause?: { code?: string } };
    return {
      status: "down",
      detail: name === "TimeoutError" ? `no answer within ${answerMs / 1000} s` : (cause?.code ?? message),
    };
  }
}

async function channelStates({ notifications, channels }: DependencyOptions): Promise<Record<string, Dependency>> {
  if (channels.length === 0) return {};
  const last = await notifications.lastDeliveries([...channels]).catch(() => undefined);
  const stateOf = (channel: string): Dependency => {
    if (last === undefined) return { status: "unknown", detail: "the database is away" };
    const row = last.find((one) => one.channel === channel);
    if (row === undefined) return { status: "unknown", detail: "nothing was sent yet" };
    if (row.status === "sent") return { status: "up", detail: `sent at ${row.at.toISOString()}` };
    return { status: "down", detail: `${row.status === "failed" ? "gave up" : "will try again"}: ${row.error ?? "no answer"}` };
  };
  return Object.fromEntries(channels.map((channel) => [`channel ${channel}`, stateOf(channel)]));
}
