/** What the orchestrator saw when it checked a task, running it again, and what the gates said. */
import { evidenceOf, gatesOf, verifyAgain } from "../../client/verification.ts";
import type { Evidence } from "../../orchestrator/api/contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { mark } from "../marks.ts";
import { resolveExecution, type Session } from "../session.ts";
import { answer, answerWidth, duration } from "../terminal.ts";
import { columns, fit } from "../text-width.ts";

const mostFailures = 10;

type Flags = { json?: boolean };

export async function evidence(session: Session, id: string, taskId: string, flags: Flags): Promise<number> {
  const client = await session.client();
  const found = await evidenceOf(client, await resolveExecution(client, id), taskId);
  answer(flags.json === true, found, () =>
    found.evidence.length === 0
      ? ["No check was run for this task."]
      : [
          ...found.evidence.flatMap((one) => [...linesOf(one), ""]),
          ...(found.review === null
            ? []
            : [`second session: ${found.review.verdict}: ${found.review.reasons.split("\n")[0] ?? ""}`]),
          ...found.findings.map(({ kind, file, message }) => `${mark("failed")} ${kind}: ${file}: ${message}`),
        ],
  );
  return exitCodes.ok;
}

function linesOf(one: Evidence): string[] {
  return [
    `${mark(one.passed ? "completed" : "failed")} ${fit(one.criterion, 100)}`,
    ...columns([
      ["  command", JSON.stringify(one.argv)],
      ["  folder", one.cwd],
      ["  ended", `exit ${one.exitCode ?? "–"} after ${duration(one.durationMs / 1000)}`],
      ...testLines(one.tests),
      ["  commit", one.commit ?? "none"],
      ["  tree", one.tree ?? "none: not a git repository"],
      ["  log", one.logFile],
      ["  digest", one.logDigest],
    ]),
  ];
}

function testLines(tests: Evidence["tests"]): string[][] {
  if (tests === undefined) return [];
  const coverage = tests.coverage === undefined ? "" : `, ${tests.coverage}% of the lines covered`;
  const skipped = tests.skipped === 0 ? "" : `, ${tests.skipped} skipped`;
  return [
    ["  tests", `${tests.passedTests} passed, ${tests.failedTests} failed${skipped}${coverage} (${tests.runner})`],
    ...tests.failures.slice(0, mostFailures).map(({ test, error }) => ["  failed", fit(`${test}: ${error.split("\n")[0]}`, 140)]),
  ];
}

export async function verify(session: Session, id: string, taskId: string, flags: Flags): Promise<number> {
  const client = await session.client();
  const replay = await verifyAgain(client, await resolveExecution(client, id), taskId);
  answer(flags.json === true, replay, () => [
    ...replay.checks.map(({ before, now, same, sameTree, sameLog }) => {
      const differences = [
        ...(same ? [] : [`exit ${now.exitCode ?? "–"} instead of ${before.exitCode ?? "–"}`]),
        ...(sameTree ? [] : ["the files have changed since"]),
        ...(sameLog ? [] : ["other output"]),
      ];
      return `${mark(now.passed ? "completed" : "failed")} ${fit(now.argv.at(-1) ?? "", 80)}  ${differences.length === 0 ? "the same" : differences.join(", ")}`;
    }),
    replay.reproduced ? "The evidence stands." : "The evidence could not be reproduced.",
  ]);
  return replay.reproduced && replay.passed ? exitCodes.ok : exitCodes.failed;
}

export async function gates(session: Session, id: string, flags: Flags): Promise<number> {
  const client = await session.client();
  const found = await gatesOf(client, await resolveExecution(client, id));
  answer(flags.json === true, found, () =>
    found.gates.length === 0
      ? ["No gate was asked."]
      : columns(
          found.gates.map((one) => [
            `${mark(one.status === "passed" ? "completed" : one.status === "failed" ? "failed" : "blocked")} ${one.taskId}`,
            one.trigger,
            one.gate,
            one.status,
            fit(one.message, 100),
          ]),
          answerWidth(),
        ),
  );
  return exitCodes.ok;
}
