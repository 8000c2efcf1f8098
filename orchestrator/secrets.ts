/** The values of the configuration that nobody may read: they are masked in what is recorded of tasks. */
import type { Config } from "./config.ts";

/** @param token of the API */
export function secretsOf(config: Config, token: string): string[] {
  const { ntfy, discord, slack, email } = config.notifications;
  const { qdrant, embedding } = config.learning;
  const { smtp, content } = config.tasks;
  const named = Object.values(config.tasks.secrets).map(({ value }) => value);
  const ofTasks = [...named, smtp?.url, content?.apiKey || undefined];
  const services = [ntfy?.token, discord, slack, email?.url, qdrant?.apiKey, embedding?.apiKey, config.planModel?.apiKey];
  const headers = Object.values(config.telemetry?.headers ?? {});
  const values = [token, ...services, ...headers, ...ofTasks, config.s3?.secretAccessKey];
  return values.filter((secret) => secret !== undefined);
}
