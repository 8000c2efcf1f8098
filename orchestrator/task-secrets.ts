/**
 * Secrets that tasks use by name: `LONGHAUL_SECRET_NAME=value` in the environment or `.env`, `${secret:NAME}` in a plan. A plan never holds a
 * value, and cannot send one anywhere it likes: only to `LONGHAUL_SECRET_NAME_HOSTS`, or without that to the hosts that the owner named in
 * LONGHAUL_TASK_HOSTS. Pure.
 */
import { isNamedHost } from "./network-guard.ts";

export type TaskSecret = { value: string; hosts: readonly string[] | undefined };

const prefix = "LONGHAUL_SECRET_";
const hostsEnding = "_HOSTS";

/** Reads all of them out of an environment. */
export function taskSecretsOf(environment: Readonly<Record<string, string | undefined>>): Record<string, TaskSecret> {
  const names = Object.keys(environment).filter((name) => name.startsWith(prefix) && !name.endsWith(hostsEnding));
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name];
      if (value === undefined || value === "") return [];
      const hosts = environment[`${name}${hostsEnding}`]
        ?.split(",")
        .map((host) => host.trim())
        .filter((host) => host !== "");
      return [[name.slice(prefix.length), { value, hosts }]];
    }),
  );
}

const named = /\$\{secret:([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** The secrets that a value asks for by `${secret:NAME}`, anywhere inside it. */
function secretNames(value: unknown): string[] {
  return [...new Set([...JSON.stringify(value).matchAll(named)].map((match) => match[1] as string))];
}

/** Puts the values in their places. */
export function withSecrets<T>(value: T, secrets: Readonly<Record<string, string>>): T {
  if (typeof value === "string")
    return value.replace(named, (whole: string, name: string) =>
      Object.hasOwn(secrets, name) ? (secrets[name] as string) : whole,
    ) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => withSecrets(item, secrets)) as T;
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSecrets(item, secrets)])) as T;
  return value;
}

/**
 * The values of the secrets that a task asks for.
 * @throws Error naming the secret that is not there, or that would go where it may not
 */
export function usableSecrets(
  taskId: string,
  params: unknown,
  addresses: readonly URL[],
  { taskSecrets, ownHosts }: { taskSecrets: Readonly<Record<string, TaskSecret>>; ownHosts: readonly string[] },
): Record<string, string> {
  return Object.fromEntries(
    secretNames(params).map((name) => {
      const found = taskSecrets[name];
      if (found === undefined)
        throw new Error(`task ${taskId} uses the secret ${name}: set LONGHAUL_SECRET_${name} in the environment or in .env`);
      const wrong = addresses.find((url) => !isNamedHost(found.hosts ?? ownHosts, url));
      if (wrong !== undefined || addresses.length === 0) {
        const to = wrong?.host ?? "nobody knows where";
        throw new Error(
          `task ${taskId} would send the secret ${name} to ${to}: name the host in LONGHAUL_SECRET_${name}_HOSTS to allow it`,
        );
      }
      return [name, found.value];
    }),
  );
}
