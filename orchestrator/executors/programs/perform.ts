/** Entry of the process that performs one task: `node perform.ts ATTEMPT-DIRECTORY`, the order on stdin. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { withSecrets } from "../../task-secrets.ts";
import { writeWhole } from "../attempt-files.ts";
import { type Around, type Order, type Perform, programFiles, type Result, secretsVariable } from "./program.ts";

const programs: Readonly<Record<string, () => Promise<Perform<never>>>> = {
  browser: async () => (await import("./browser.ts")).performBrowser,
  content: async () => (await import("./content.ts")).performContent,
  data: async () => (await import("./data.ts")).performData,
  deploy: async () => (await import("./deploy.ts")).performDeploy,
  email: async () => (await import("./email.ts")).performEmail,
  git: async () => (await import("./git.ts")).performGit,
  http: async () => (await import("./http.ts")).performHttp,
};

async function main(directory: string): Promise<void> {
  const order = JSON.parse(await text(process.stdin)) as Order;
  const secrets = JSON.parse(process.env[secretsVariable] ?? "{}") as Record<string, string>;
  delete process.env[secretsVariable]; // what it starts itself does not inherit them
  mkdirSync(order.artifacts, { recursive: true });
  const around: Around = {
    ...order,
    secrets,
    say: (line) => void process.stdout.write(`${line}\n`),
    acting: () => writeFileSync(join(directory, programFiles.acting), "", { flush: true }),
  };
  const perform = (await programs[order.kind]?.()) as Perform<unknown> | undefined;
  if (perform === undefined) throw new Error(`no program for tasks of kind ${order.kind}`);
  const result: Result = await perform(withSecrets(order.params, secrets), around);
  writeWhole(directory, programFiles.result, result);
}

try {
  await main(process.argv[2] ?? ".");
  process.exit(0); // what a library keeps open must not keep the task going
} catch (error) {
  process.stdout.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(70);
}
