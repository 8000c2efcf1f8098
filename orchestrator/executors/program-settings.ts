/** What a node adds to the params of each kind of program: accounts, addresses, keys. What is missing is said by name. */
import { automationVerdict } from "../../plan/classify.ts";
import { doerOf } from "../../plan/last-click.ts";
import type { ContentParams } from "../../plan/params/content.ts";
import type { DataParams } from "../../plan/params/data.ts";
import type { GitParams } from "../../plan/params/git.ts";
import type { Config } from "../config.ts";
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

type Content = NonNullable<Config["tasks"]["content"]>;

/** What a person has to use gets said why; anything else is done when it is written. */
export const contentSettings =
  ({ provider, baseUrl, model, apiKey }: Content) =>
  ({ prompt }: ContentParams, assignment: Assignment) => {
    const { task, inputs } = assignment;
    const prepares = doerOf(task) === "prepares";
    const why = task.requiresHuman ?? automationVerdict(task).reason ?? "The plan leaves the last step to a person.";
    const content: ContentSettings = {
      provider,
      baseUrl,
      model,
      prompt: [prompt ?? `${task.title}\n\n${task.description}`, ...inputs.map(materialOf)].join("\n\n").trim(),
      forPerson: prepares ? why : undefined,
    };
    return { open: { content }, secret: { model: apiKey } };
  };

const materialOf = ({ taskId, title, summary }: Assignment["inputs"][number]) =>
  `<<< result of ${taskId}: ${title}\n${summary}\n>>>`;

type Smtp = NonNullable<Config["tasks"]["smtp"]>;

export const emailSettings =
  ({ url, from, mostRecipients }: Smtp) =>
  () => ({ open: { from, mostRecipients }, secret: { smtp: url } });
