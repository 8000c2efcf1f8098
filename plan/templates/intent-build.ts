/**
 * From one sentence to a running service in eight steps. Each step leaves something that the next one checks: the understood intent, a spec, a
 * package in a repository, code whose tests pass, evidence, a deployment, a registration, a report. The step of a task is its id up to the
 * first dash; `when` names the parameter without which the task is left out.
 */
export const intentSteps = ["intent", "spec", "package", "build", "verify", "deploy", "register", "report"] as const;
export type IntentStep = (typeof intentSteps)[number];

/** The step that a task of such a plan belongs to; undefined for approvals. */
export const intentStepOf = (taskId: string): IntentStep | undefined =>
  intentSteps.find((step) => taskId === step || taskId.startsWith(`${step}-`));

/** Names what is missing or vague in WORK/spec.md, and fails then. */
const specCheck = [
  "bad=0",
  'for part in Interface Data Errors Checks; do grep -qi "^#.*$part" WORK/spec.md || { echo "WORK/spec.md has no section $part"; bad=1; }; done',
  `[ "$(grep -cE '^[-*] .*\`[^\`]+\`' WORK/spec.md)" -ge 3 ] || { echo "WORK/spec.md has fewer than three checks that name a command or request in backticks"; bad=1; }`,
  `if grep -niE '\\b(TBD|TODO|and so on|as needed|where appropriate|user-friendly)\\b' WORK/spec.md; then echo "these words say nothing that can be checked"; bad=1; fi`,
  "exit $bad",
].join("\n");

/** Asks the service, started on a port of its own, what every service here must answer, and looks for what every package must have. */
const probe = `
const base = "http://127.0.0.1:" + process.env.PORT, faults = [];
const ask = async (path) => {
  const answer = await fetch(base + path), text = await answer.text();
  try { return { status: answer.status, json: JSON.parse(text) }; } catch { return { status: answer.status }; }
};
let health;
for (let tries = 0; tries < 300 && health === undefined; tries += 1) {
  health = await ask("/health").catch(() => undefined);
  if (health === undefined) await new Promise((done) => setTimeout(done, 100));
}
if (health === undefined) faults.push("the service does not answer on the port of the variable PORT within 30 s");
else {
  if (health.status !== 200 || typeof health.json?.status !== "string") faults.push("GET /health must answer 200 and JSON with a status");
  const can = await ask("/capabilities");
  if (can.status !== 200 || typeof can.json !== "object" || can.json === null) faults.push("GET /capabilities must answer 200 and JSON");
  const lost = await ask("/there-is-no-such-thing");
  const said = lost.json?.error ?? lost.json?.title ?? lost.json?.detail;
  if (lost.status !== 404 || said === undefined) faults.push("an unknown path must answer 404 and JSON whose error says what is wrong");
}
const { existsSync } = await import("node:fs");
for (const file of ["README.md", "LICENSE", ".gitignore"]) if (!existsSync(file)) faults.push("there is no " + file);
console.log(faults.length === 0 ? "the service is as it must be" : faults.join("\\n"));
process.exit(faults.length === 0 ? 0 : 1);
`;

const probeCommand = [
  "export PORT=$((20000 + $$ % 20000))",
  "({{{start}}}) >/dev/null 2>&1 & started=$!",
  "trap 'kill $started 2>/dev/null' EXIT",
  `node --input-type=module -e '${probe}'`,
].join("\n");

export const intentBuild = {
  template: "intent-build",
  parameters: {
    intent: { description: "what is to be built, in one sentence" },
    name: { description: "short name of the result, for folders and repositories", default: "service" },
    test: { description: "command that runs the tests", default: "npm test" },
    start: { description: "command that starts the service on the port of the variable PORT", default: "npm start" },
    iterations: { description: "how often the build may be corrected, at most 10", default: "10" },
    ask: { description: "file for questions that a person answers when the intent is ambiguous; empty: none", default: "" },
    github: { description: "name of a repository to create at GitHub; it takes LONGHAUL_SECRET_GITHUB", default: "" },
    host: { description: "where it is deployed, over ssh; empty: nowhere", default: "" },
    port: { description: "port of ssh there", default: "22" },
    user: { description: "user there", default: "" },
    hostKey: { description: "public key of the host; empty: known_hosts has to know it", default: "" },
    key: { description: "name of the secret that holds the private key; empty: the owner's keys", default: "" },
    folder: { description: "folder on the host", default: "" },
    image: { description: "name of an image to build and push; empty: the files are copied", default: "" },
    run: { description: "command that starts it on the host", default: "" },
    health: { description: "address that says whether it is well there", default: "" },
    healthSeconds: { description: "how long that may take", default: "60" },
    registry: { description: "address of the registry that is told, by POST; empty: none", default: "" },
  },
  title: "Build: {{intent}}",
  goal: "{{intent}}",
  tags: ["intent"],
  tasks: [
    {
      id: "intent",
      title: "Understand the intent",
      kind: "claude",
      params: {
        prompt:
          "State what is asked for, for whom, what is not asked for, and how one would see that it works. Intent: {{intent}}. Write WORK/intent.md.",
        asks: "{{ask}}",
      },
      verification: [
        { criterion: "WORK/intent.md states goal, users, limits and how to check it", command: "test -s WORK/intent.md" },
      ],
      estimate: "3m",
    },
    {
      id: "spec",
      title: "Write the specification",
      kind: "claude",
      dependencies: ["intent"],
      params: {
        prompt:
          "Write WORK/spec.md from WORK/intent.md, with the sections Interface, Data, Errors and Checks. Each check is a list item that names a command or request in backticks and what it must answer. The service listens on the port of the variable PORT, answers GET /health with 200 and JSON that has a status, GET /capabilities with JSON, and an unknown path with 404 and JSON whose error says what is wrong. Then judge the specification and correct what is vague.",
      },
      verification: [{ criterion: "WORK/spec.md is complete and each requirement can be checked", command: specCheck }],
      estimate: "6m",
    },
    {
      id: "package-repository",
      title: "Create the repository of {{name}}",
      kind: "git",
      automation: "FULL_AUTO",
      dependencies: ["spec"],
      labels: ["checkpoint"],
      params: { action: "create", github: { name: "{{github}}" } },
      estimate: "1m",
    },
    {
      id: "package-files",
      title: "Lay out the package {{name}}",
      kind: "claude",
      dependencies: ["package-repository"],
      params: {
        prompt:
          "Lay out {{name}} as WORK/spec.md asks: manifest, sources, tests, README.md, LICENSE, .gitignore, container file, continuous checks. Do not commit.",
      },
      verification: [
        {
          criterion: "The foundation files are there",
          command: "test -s README.md && test -s LICENSE && test -s .gitignore",
        },
      ],
      estimate: "5m",
    },
    {
      id: "package-commit",
      title: "Commit the package",
      kind: "git",
      automation: "FULL_AUTO",
      dependencies: ["package-files"],
      params: { action: "commit", message: "Lay out {{name}}" },
      estimate: "1m",
    },
    {
      id: "build",
      title: "Build {{name}} until its tests pass",
      kind: "claude",
      dependencies: ["package-commit"],
      params: {
        prompt:
          "Write the code and its tests as WORK/spec.md asks. Run the tests and correct the code until they pass. Do not commit.",
        fixIterations: "{{iterations}}",
      },
      verification: [
        { criterion: "The tests pass", command: "{{{test}}}" },
        { criterion: "The service answers as every service must", command: probeCommand },
      ],
      contextTier: 200,
      estimate: "10m-60m",
    },
    {
      id: "build-commit",
      title: "Commit what was built",
      kind: "git",
      automation: "FULL_AUTO",
      dependencies: ["build"],
      params: { action: "commit", message: "Build {{name}}" },
      estimate: "1m",
    },
    {
      id: "build-push",
      title: "Push it to GitHub",
      kind: "git",
      automation: "FULL_AUTO",
      when: "github",
      dependencies: ["build-commit"],
      params: { action: "push", token: "GITHUB" },
      estimate: "1m",
    },
    {
      id: "verify",
      title: "Verify {{name}} as it was committed",
      kind: "shell",
      dependencies: ["build-commit", "build-push"],
      command: 'test -z "$(git status --porcelain)" || { git status --short; echo "not all of it is committed"; exit 1; }',
      verification: [
        { criterion: "The tests pass", command: "{{{test}}}" },
        { criterion: "The service answers as every service must", command: probeCommand },
      ],
      estimate: "5m",
    },
    {
      id: "deploy",
      title: "Deploy {{name}}",
      kind: "deploy",
      automation: "FULL_AUTO",
      when: "host",
      dependencies: ["verify"],
      params: {
        host: "{{host}}",
        port: "{{port}}",
        user: "{{user}}",
        hostKey: "{{hostKey}}",
        key: "{{key}}",
        folder: "{{folder}}",
        source: "./",
        image: { name: "{{image}}" },
        start: "{{{run}}}",
        health: { url: "{{health}}", seconds: "{{healthSeconds}}", everySeconds: 0.5 },
      },
      estimate: "8m",
    },
    {
      id: "register",
      title: "Register {{name}}",
      kind: "http",
      automation: "FULL_AUTO",
      when: "registry",
      dependencies: ["deploy"],
      params: {
        url: "{{registry}}",
        method: "POST",
        json: { name: "{{name}}", intent: "{{intent}}", host: "{{host}}", health: "{{health}}" },
      },
      estimate: "1m",
    },
    {
      id: "report",
      title: "Report what was built",
      kind: "claude",
      dependencies: ["register"],
      params: {
        prompt:
          "Report what was built for the intent, what was checked and with which result, where it runs, and what is left: WORK/report.md. Change nothing else.",
      },
      verification: [{ criterion: "WORK/report.md is there", command: "test -s WORK/report.md" }],
      estimate: "2m",
    },
  ],
};
