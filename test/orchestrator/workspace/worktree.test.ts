import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Client } from "../../../client/client.ts";
import { rollBack } from "../../../client/workspace.ts";
import type { HandoffInput } from "../../../orchestrator/api/contract.ts";
import { type Database, openDatabase } from "../../../orchestrator/store/db.ts";
import { canOverlap } from "../../../orchestrator/workspace/parallel.ts";
import { brokenInvariants } from "../../support/invariants.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";

let orchestrator: TestOrchestrator;
let database: Database;
let drop: () => Promise<void>;
let client: Client;
let workspace: string;

beforeAll(async () => {
  const test = await createTestDatabase();
  database = openDatabase(test.connection);
  drop = test.drop;
  orchestrator = await createTestOrchestrator({ DATABASE_URL: test.databaseUrl });
  ({ client } = await orchestrator.start());
});
afterAll(async () => {
  await orchestrator.remove();
  await database.close();
  await drop();
});
beforeEach(() => {
  workspace = mkdtempSync("/tmp/longhaul-work-");
  sh(`git init -q -b main; git config user.name u; git config user.email u@l; printf '1\\n2\\n3\\n' > file; echo .env > .gitignore
      git add -A; git commit -qm first; echo SECRET=1 > .env; echo mine > untracked`);
  return () => rmSync(workspace, { recursive: true });
});

const sh = (command: string) => execFileSync("bash", ["-euc", command], { cwd: workspace, encoding: "utf8" });
type Worktrees = NonNullable<NonNullable<HandoffInput["options"]>["worktrees"]>;
const handoff = async (tasks: object[], worktrees: Worktrees = {}) =>
  (
    await client.handoff({
      plan: { title: "worktrees", tasks },
      options: { workspace, worktrees: { mode: "worktree", ...worktrees } },
    })
  ).executionId;
const statuses = async (id: string) =>
  Object.fromEntries((await client.execution(id)).tasks.map((task) => [task.id, task.status]));
const once = { retry: { maxAttempts: 1 } };
/** Waits until another task has come as far, so that both certainly work at the same time. */
const together = (name: string, other: string) =>
  `touch /tmp/${tag}-${name}; while [ ! -e /tmp/${tag}-${other} ]; do sleep 0.02; done`;
let tag = "";
beforeEach(() => {
  tag = workspace.slice("/tmp/".length);
  return () => execFileSync("bash", ["-c", `rm -f /tmp/${tag}-*`]);
});

describe("tasks in worktrees", () => {
  it("work beside each other, each with its port and files, and land on the branch that is checked out", async () => {
    const id = await handoff(
      [
        { id: "a", title: "A", command: `${together("a", "b")}; cat .env ready > a; echo $PORT > port-a; pwd > where-a` },
        {
          id: "b",
          title: "B",
          command: `${together("b", "a")}; sed -i s/3/three/ file; echo $PORT > port-b; git add -A; git commit -qm own`,
        },
        { id: "c", title: "C", command: "cat a port-b > c", dependencies: ["a", "b"] },
      ],
      { bootstrap: "echo ready > ready" },
    );
    expect(await untilEnded(client, id)).toMatchObject({ status: "completed" });
    expect(sh("git status --short; git branch --format='%(refname:short)'; git stash list")).toBe("?? untracked\nmain\n");
    expect(sh("cat file a; cat port-a port-b | sort -u | wc -l; cat c | tail -1 | diff - port-b")).toBe(
      "1\n2\nthree\nSECRET=1\nready\n2\n",
    );
    expect(readFileSync(join(workspace, "where-a"), "utf8")).toContain(`${orchestrator.home}/worktrees/`);
    const landed = (await client.events(id, { limit: 1000 })).events.filter((event) => event.type === "task.landed");
    expect(landed.map((event) => event.taskId).sort()).toEqual(["a", "b", "c"]);
    expect((await client.execution(id)).tasks[0]?.message).toMatch(/landed on main as [0-9a-f]{10}/);
    expect(await brokenInvariants(database)).toEqual([]);
  });

  it("that do not merge wait for a person with the difference, and land what the person makes of it", async () => {
    const id = await handoff([
      { id: "a", title: "A", command: `${together("a", "b")}; sed -i s/2/from-a/ file` },
      { id: "b", title: "B", command: `${together("b", "a")}; sed -i s/2/from-b/ file` },
      { id: "c", title: "C", command: "cat file > copy", dependencies: ["a", "b"] },
    ]);
    let held: Record<string, unknown> = {};
    for await (const event of client.stream(id))
      if (event.type === "task.awaiting_human") {
        held = event.data["hold"] as never;
        break;
      }
    const detail = held["detail"] as { worktree: string; diff: string; files: string[]; how: string };
    expect(detail.files).toEqual(["file"]);
    expect(detail.diff).toMatch(/from-a[\s\S]*from-b|from-b[\s\S]*from-a/);
    for (;;) {
      if ((await client.status(id)).status === "blocked") break;
      await delay(20);
    }
    expect(Object.values(await statuses(id)).sort()).toEqual(["awaiting_human", "completed", "pending"]);
    execFileSync(
      "bash",
      [
        "-euc",
        `${detail.how.split(", resolve")[0]} || true; printf '1\\nboth\\n3\\n' > file; git add -A; git -c user.name=u -c user.email=u@l commit -qm resolved`,
      ],
      { cwd: detail.worktree },
    );
    const [action] = await client.pendingActions();
    await client.completeAction(action?.id as string, { outcome: "done" });
    expect(await untilEnded(client, id)).toMatchObject({ status: "completed" });
    expect(sh("cat copy; git status --short")).toBe("1\nboth\n3\n?? untracked\n");
  });

  it("that pass alone and fail together: the one that breaks it is found, the others land", async () => {
    const names = ["t0", "t1", "t2", "t3", "t4"];
    const id = await handoff(
      names.map((name, index) => ({
        id: name,
        title: name,
        // All end at the same time, so that they land in one batch.
        command: `touch /tmp/${tag}-${name}; while [ $(ls /tmp/${tag}-t* | wc -l) -lt 5 ]; do sleep 0.02; done; echo x > ${index === 1 || index === 3 ? `clash-${name}` : name}`,
        ...once,
      })),
      { verify: "test $(ls | grep -c clash-) -lt 2" },
    );
    expect(await untilEnded(client, id)).toMatchObject({ status: "failed" });
    const found = await statuses(id);
    expect(Object.values(found).filter((status) => status === "failed")).toHaveLength(1);
    expect([found["t1"], found["t3"]]).toContain("failed");
    expect(sh("ls | grep -c clash; ls t0 t2 t4 | wc -l")).toBe("1\n3\n");
    const failed = (await client.execution(id)).tasks.find((task) => task.status === "failed");
    expect(failed).toMatchObject({ failureClass: "verification", message: expect.stringContaining("on the merged result") });
  });

  it("leave a branch with uncommitted changes alone and say so; later landings build on it", async () => {
    sh("echo edited >> file");
    const id = await handoff([
      { id: "a", title: "A", command: "echo a > a" },
      { id: "b", title: "B", command: "cat a > b", dependencies: ["a"] },
    ]);
    expect(await untilEnded(client, id)).toMatchObject({ status: "completed" });
    expect(sh("git log --oneline main | wc -l; git show longhaul/main:b; tail -1 file")).toBe("1\na\nedited\n");
    expect((await client.execution(id)).tasks[0]?.message).toMatch(/longhaul\/main, because .*uncommitted/);
    sh("git checkout -q file");
    const next = await handoff([{ id: "c", title: "C", command: "cat a b > c" }]);
    expect(await untilEnded(client, next)).toMatchObject({ status: "completed" });
    expect(sh("cat c; git branch --format='%(refname:short)'")).toBe("a\na\nmain\n");
  });

  it("merge what the user committed meanwhile", async () => {
    const id = await handoff([
      {
        id: "a",
        title: "A",
        command: `touch /tmp/${tag}-started; while [ ! -e /tmp/${tag}-go ]; do sleep 0.02; done; echo a > a`,
      },
    ]);
    while (!existsSync(`/tmp/${tag}-started`)) await delay(20);
    sh("echo user > user; git add user; git commit -qm user");
    writeFileSync(`/tmp/${tag}-go`, "");
    expect(await untilEnded(client, id)).toMatchObject({ status: "completed" });
    expect(sh("cat a user; git log --merges --oneline | wc -l")).toBe("a\nuser\n1\n");
  });

  it("say what is wrong when the workspace is no repository", async () => {
    sh("rm -rf .git");
    const id = await handoff([{ id: "a", title: "A", command: "true" }]);
    expect(await untilEnded(client, id)).toMatchObject({ status: "failed" });
    expect((await client.execution(id)).tasks[0]?.message).toMatch(/no git repository/);
  });

  it("are gone back over with their branch, which keeps its history", async () => {
    const id = await handoff([
      { id: "a", title: "A", command: "echo a > a" },
      { id: "b", title: "B", command: "echo b > a; echo b > b", dependencies: ["a"] },
    ]);
    await untilEnded(client, id);
    await rollBack(client, id, { to: "a" });
    expect(sh("cat a; ls; git status --short; cat .env")).toBe("a\na\nfile\nuntracked\n?? untracked\nSECRET=1\n");
    await rollBack(client, id, { undo: true });
    expect(sh("cat a b; git status --short")).toBe("b\nb\n?? untracked\n");
    await rollBack(client, id, { to: "a" });
    await client.control(id, { action: "resume" });
    expect(await untilEnded(client, id)).toMatchObject({ status: "completed" });
    expect(sh("cat a b; git status --short")).toBe("b\nb\n?? untracked\n");
  });
});

it("kill -9 of the orchestrator while tasks work, merge and are checked: each lands once", async () => {
  const names = Array.from({ length: 6 }, (_, index) => `t${index}`);
  const id = await handoff(
    names.map((name, index) => ({
      id: name,
      title: name,
      command: `sleep 0.${index + 1}; echo ${name} >> ran-${name}`,
      dependencies: index < 3 ? [] : [`t${index - 3}`],
    })),
    { verify: "sleep 0.3" },
  );
  for (const pause of [150, 350, 500, 250, 650]) {
    await delay(pause);
    await orchestrator.kill();
    ({ client } = await orchestrator.start());
  }
  expect(await untilEnded(client, id)).toMatchObject({ status: "completed" });
  expect(sh("cat ran-*; git status --short")).toBe(`${names.join("\n")}\n?? untracked\n`);
  for (const name of names) expect(sh(`git log --merges --oneline --grep 'Land ${name}:' | wc -l`)).toBe("1\n");
  expect(await brokenInvariants(database)).toEqual([]);
});

describe("tasks of a kind overlap", () => {
  const kinds = (text: string) => new Map(text.split("").map((letter, index) => [index, letter === "c" ? "claude" : "shell"]));
  const edges = (...pairs: [number, number][]) => pairs.map(([dependency, dependent]) => ({ dependency, dependent }));
  it.each([
    ["one alone", "cs", [], false],
    ["two apart", "cc", [], true],
    [
      "in one line",
      "csc",
      [
        [0, 1],
        [1, 2],
      ],
      false,
    ],
    [
      "a diamond's sides",
      "cccc",
      [
        [0, 1],
        [0, 2],
        [1, 3],
        [2, 3],
      ],
      true,
    ],
    ["a line with others beside", "csc", [[0, 2]], false],
  ] as const)("%s", (_name, text, pairs, expected) => {
    expect(canOverlap("claude", kinds(text), edges(...(pairs as unknown as [number, number][])))).toBe(expected);
  });
});
