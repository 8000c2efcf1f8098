import { expect, test } from "vitest";
import { createNoopExecutor } from "../../../orchestrator/executors/noop.ts";
import { createRegistry } from "../../../orchestrator/executors/registry.ts";
import { createAttempt } from "./support/attempt.ts";

const noop = createNoopExecutor();

test("a noop succeeds, takes its time, or fails as it is told", async () => {
  expect(await (await createAttempt({})).run(noop)).toMatchObject({ status: "succeeded" });
  expect(await (await createAttempt({ params: { delayMs: 1 } })).run(noop)).toMatchObject({ status: "succeeded" });
  expect(await (await createAttempt({ params: { fail: "on purpose" } })).run(noop)).toMatchObject({
    status: "failed",
    message: "on purpose",
  });
});

test.each([
  ["detach", "detached"],
  ["cancelled", "cancelled"],
] as const)("a noop that waits obeys %s", async (reason, status) => {
  const attempt = await createAttempt({ params: { delayMs: 60_000 } });
  const running = attempt.run(noop);
  attempt.stop(reason);
  expect(await running).toMatchObject({ status });
});

test("a registry finds executors by kind and refuses two of one kind", () => {
  const registry = createRegistry([noop]);
  expect(registry.kinds).toEqual(["noop"]);
  expect(registry.get("noop")).toBe(noop);
  expect(registry.get("shell")).toBeUndefined();
  expect(() => createRegistry([noop, createNoopExecutor()])).toThrow(/two executors of one kind/);
});
