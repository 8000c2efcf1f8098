/**
 * From one sentence to a running service in eight steps. Each step leaves something that the next one checks: the understood intent, a spec, a
 * package, code whose tests pass, evidence, a deployment, a registration, a report.
 */
export const intentBuild = {
  template: "intent-build",
  parameters: {
    intent: { description: "what is to be built, in one sentence" },
    name: { description: "short name of the result, for folders and repositories", default: "service" },
    test: { description: "command that runs the tests", default: "npm test" },
    start: { description: "command that starts the service in the background for the checks", default: "npm start" },
    url: { description: "where the started service answers", default: "http://127.0.0.1:8080" },
    iterations: { description: "how often the build may be corrected", default: "10" },
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
          "Write WORK/spec.md from WORK/intent.md: interface, data, errors, checks with commands. Each requirement must be checkable. Then judge it and correct what is vague.",
      },
      verification: [
        { criterion: "WORK/spec.md is there", command: "test -s WORK/spec.md" },
        { criterion: "Each requirement of WORK/spec.md can be checked, and none contradicts another" },
      ],
      estimate: "6m",
    },
    {
      id: "package",
      title: "Lay out the package {{name}}",
      kind: "claude",
      dependencies: ["spec"],
      params: {
        prompt:
          "Lay out {{name}} as WORK/spec.md asks: sources, tests, README, licence, ignore file, container file, continuous checks. Commit it.",
      },
      verification: [{ criterion: "The package is a repository with a first commit", command: "git rev-parse HEAD" }],
      estimate: "5m",
    },
    {
      id: "build",
      title: "Build {{name}} until its tests pass",
      kind: "claude",
      dependencies: ["package"],
      params: {
        prompt: "Write the code and its tests as WORK/spec.md asks. Run the tests and correct the code until they pass.",
        maxIterations: "{{iterations}}",
      },
      verify: "{{{test}}}",
      contextTier: 200,
      estimate: "10m-60m",
    },
    {
      id: "verify",
      title: "Verify {{name}} as it runs",
      kind: "shell",
      dependencies: ["build"],
      command: [
        "{{{test}}}",
        "({{{start}}}) & started=$!; trap 'kill $started' EXIT; for i in $(seq 30); do curl -fsS {{url}}/health && break; sleep 1; done; curl -fsS {{url}}/health && curl -fsS {{url}}/capabilities",
      ],
      verification: [{ criterion: "Errors of the service are structured and say what to do" }],
      estimate: "5m",
    },
    {
      id: "deploy",
      title: "Deploy {{name}}",
      kind: "deploy",
      automation: "SEMI_AUTO",
      requiresHuman: "A deployment is seen by others; a person starts it.",
      dependencies: ["verify"],
      params: { name: "{{name}}", health: "/health", rollback: true },
      estimate: "8m",
    },
    {
      id: "register",
      title: "Register {{name}}",
      kind: "http",
      dependencies: ["deploy"],
      params: { name: "{{name}}", capabilities: "/capabilities" },
      estimate: "1m",
    },
    {
      id: "report",
      title: "Report what was built",
      kind: "content",
      dependencies: ["register"],
      params: {
        prompt:
          "Report what was built for the intent, what was checked and with which result, what it cost, and what is left: WORK/report.md.",
      },
      estimate: "2m",
    },
  ],
};
