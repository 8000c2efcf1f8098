/** What a node adds to the params of each kind of program: accounts, addresses, keys. What is missing is said by name. */
import { automationVerdict } from "../../plan/classify.ts";
import { doerOf } from "../../plan/last-click.ts";
import type { BrowserParams } from "../../plan/params/browser.ts";
import type { ContentParams } from "../../plan/params/content.ts";
import type { DataParams } from "../../plan/params/data.ts";
import type { DeployParams } from "../../plan/params/deploy.ts";
import type { GitParams } from "../../plan/params/git.ts";
import type { Config } from "../config.ts";
import { isNamedHost } from "../network-guard.ts";
import type { TaskSecret } from "../task-secrets.ts";
import type { Assignment } from "./executor.ts";
import type { ContentSettings } from "./programs/content.ts";

const secretOf = (secrets: Readonly<Record<string, TaskSecret>>, name: string, what: string): TaskSecret => {
  const found = secrets[name];
  if (found === undefined)
    throw new Error(`${what} is the secret ${name}: set LONGHAUL_SECRET_${name} in the environment or in .env`);
  return found;
};

/** GitHub's token is the secret GITHUB; a remote's is named by the plan and goes to the secret's hosts only. */
export const gitSettings =
  (secrets: Readonly<Record<string, TaskSecret>>, ownHosts: readonly string[], githubApi: string) => (params: GitParams) => {
    if (params.action === "create" && params.github !== undefined)
      return { open: { githubApi }, secret: { github: secretOf(secrets, "GITHUB", "what opens GitHub").value } };
    if (params.action !== "push" || params.token === undefined) return {};
    const { value, hosts } = secretOf(secrets, params.token, "params.token");
    return { open: { tokenHosts: hosts ?? ownHosts }, secret: { token: value } };
  };

export const dataSettings = (secrets: Readonly<Record<string, TaskSecret>>) => (params: DataParams) => {
  const sources = [params.input, ...Object.values(params.inputs ?? {})];
  const names = sources.flatMap((source) => source?.sql?.database ?? []);
  return {
    secret: Object.fromEntries(names.map((name) => [`database:${name}`, secretOf(secrets, name, "params.sql.database").value])),
  };
};

/** Why a person does the last step. */
export const whyPerson = (task: Assignment["task"]): string =>
  task.requiresHuman ?? automationVerdict(task).reason ?? "The plan leaves the last step to a person.";

type Content = NonNullable<Config["tasks"]["content"]>;

/** What a person has to use gets said why; anything else is done when it is written. */
export const contentSettings =
  ({ provider, baseUrl, model, apiKey }: Content) =>
  ({ prompt }: ContentParams, assignment: Assignment) => {
    const { task, inputs } = assignment;
    const prepares = doerOf(task) === "prepares";
    const content: ContentSettings = {
      provider,
      baseUrl,
      model,
      prompt: [prompt ?? `${task.title}\n\n${task.description}`, ...inputs.map(materialOf)].join("\n\n").trim(),
      forPerson: prepares ? whyPerson(task) : undefined,
    };
    return { open: { content }, secret: { model: apiKey } };
  };

const materialOf = ({ taskId, title, summary }: Assignment["inputs"][number]) =>
  `<<< result of ${taskId}: ${title}\n${summary}\n>>>`;

type Smtp = NonNullable<Config["tasks"]["smtp"]>;

export const emailSettings =
  ({ url, from, mostRecipients }: Smtp) =>
  () => ({ open: { from, mostRecipients }, secret: { smtp: url } });

/** Deployments go to hosts that the owner named, with the owner's ssh or with a key that is a secret. */
export const deploySettings =
  (secrets: Readonly<Record<string, TaskSecret>>, ownHosts: readonly string[], containerEngine: string | undefined) =>
  ({ host, port, key }: DeployParams, { executionId, ordinal, attempt }: Assignment) => {
    const target = new URL(`http://${host.includes(":") ? `[${host}]` : host}:${port}`);
    if (!isNamedHost(ownHosts, target, port))
      throw new Error(
        `${host}:${port} is no host that plans may deploy to: the owner names it in LONGHAUL_TASK_HOSTS=${host}:${port}`,
      );
    const open = { release: `${executionId}-${ordinal}-${attempt}`, containerEngine };
    if (key === undefined) return { open };
    const { value, hosts } = secretOf(secrets, key, "params.key");
    if (hosts !== undefined && !isNamedHost(hosts, target, port))
      throw new Error(`the key ${key} is not for ${host}: name it in LONGHAUL_SECRET_${key}_HOSTS`);
    return { open, secret: { key: value } };
  };

/** Of a browser task: where its secrets may go. */
export const addressesOf = ({ url, steps }: BrowserParams): string[] => [
  url,
  ...steps.flatMap((step) => ("goto" in step ? [step.goto] : [])),
];

/** A browser opens only what the owner named; what a page leads to is the proxy's to refuse. */
export const browserSettings = (chromium: string, ownHosts: readonly string[]) => (params: BrowserParams) => {
  const other = addressesOf(params)
    .map((one) => new URL(one))
    .find((url) => !isNamedHost(ownHosts, url));
  if (other !== undefined)
    throw new Error(
      `${other.host} is no host that a browser task may open: the owner names it in LONGHAUL_TASK_HOSTS=${other.host}`,
    );
  return { open: { chromium } };
};
