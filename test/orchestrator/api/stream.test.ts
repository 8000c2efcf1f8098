import { expect, test, vi } from "vitest";
import { readServerSentEvents } from "../../../client/server-sent-events.ts";
import { LonghaulError } from "../../../orchestrator/domain/errors.ts";
import { createDoor, type Door, executionId } from "./door-fixture.ts";

const path = `/api/executions/${executionId}/stream`;

async function open(door: Door, query = "", headers: Record<string, string> = {}) {
  const response = await door.request(`${path}${query}`, { headers });
  expect(response.status).toBe(200);
  return { response, messages: readServerSentEvents(response, () => {}) };
}

async function collect(messages: AsyncGenerator<{ event: string; data: string }>) {
  const all: { event: string; seq?: number; status?: string }[] = [];
  for await (const { event, data } of messages) all.push({ event, ...(JSON.parse(data) as { seq?: number; status?: string }) });
  return all;
}

test("a stream sends what was and what comes, then how it ended, then closes", async () => {
  const door = createDoor();
  door.log.append("execution.created");
  const { response, messages } = await open(door);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const collected = collect(messages);
  await vi.waitUntil(() => door.log.followers.size === 1);
  door.log.append("execution.started");
  door.log.finish();
  const all = await collected;
  expect(all.map(({ event, seq }) => [event, seq])).toEqual([
    ["execution.created", 1],
    ["execution.started", 2],
    ["execution.completed", 3],
    ["end", undefined],
  ]);
  expect(all.at(-1)).toMatchObject({ executionId, status: "completed", lastSeq: 3 });
  expect(door.log.followers.size).toBe(0);
});

test.each([
  ["?after=2", {}],
  ["", { "last-event-id": "2" }],
  ["?after=0", { "last-event-id": "2" }],
])("it resumes behind %j %j", async (query, headers) => {
  const door = createDoor();
  for (let index = 0; index < 3; index += 1) door.log.append("task.output");
  door.log.finish();
  const all = await collect((await open(door, query, headers as Record<string, string>)).messages);
  expect(all.map(({ seq }) => seq)).toEqual([3, 4, undefined]);
});

test("the wire format carries the sequence number as id", async () => {
  const door = createDoor();
  door.log.append("task.output", { text: "two\nlines" });
  door.log.finish();
  const { response } = await open(door);
  const text = await response.text();
  expect(text).toContain("retry: 1000\n");
  expect(text).toMatch(/\n\nid: 1\nevent: task\.output\ndata: \{.*two\\nlines.*\}\n\nid: 2\n/);
});

test("more events than a page arrive without a gap, while others are added", async () => {
  const door = createDoor();
  for (let index = 0; index < 950; index += 1) door.log.append("task.output");
  const { messages } = await open(door);
  const seqs: number[] = [];
  for await (const { event, data } of messages) {
    if (event === "end") break;
    seqs.push((JSON.parse(data) as { seq: number }).seq);
    if (seqs.length === 300) for (let index = 0; index < 50; index += 1) door.log.append("task.output");
    if (seqs.length === 1000) door.log.finish();
  }
  expect(seqs).toEqual(Array.from({ length: 1001 }, (_, index) => index + 1));
});

test("an event that is committed while nobody is woken is found at the next heartbeat", async () => {
  const door = createDoor({ config: { heartbeatMs: 20 } });
  const { messages } = await open(door);
  const collected = collect(messages);
  await vi.waitUntil(() => door.log.followers.size === 1);
  door.log.followers.clear();
  door.log.finish();
  expect((await collected).map(({ event }) => event)).toEqual(["execution.completed", "end"]);
});

test("a silent execution is kept alive with comments", async () => {
  const door = createDoor({ config: { heartbeatMs: 10 } });
  const { response } = await open(door);
  const reader = response.body?.getReader();
  let text = "";
  while (text.split(": heartbeat\n\n").length < 4) text += new TextDecoder().decode((await reader?.read())?.value);
  await reader?.cancel();
  await vi.waitUntil(() => door.log.followers.size === 0);
});

test("a cancelled execution ends only after its running tasks were stopped", async () => {
  const door = createDoor({ config: { heartbeatMs: 20 } });
  door.log.status = "cancelled";
  door.log.runningTasks.push({
    id: "a",
    title: "A",
    status: "in_progress",
    kind: "shell",
    startedAt: null,
    finishedAt: null,
    durationSeconds: null,
    message: null,
  });
  door.log.append("execution.cancelled");
  const collected = collect((await open(door)).messages);
  await vi.waitUntil(() => door.log.followers.size === 1);
  door.log.runningTasks.pop();
  door.log.append("task.cancelled");
  expect((await collected).map(({ event }) => event)).toEqual(["execution.cancelled", "task.cancelled", "end"]);
});

test("nothing is read ahead of a slow reader", async () => {
  const door = createDoor();
  for (let index = 0; index < 5_000; index += 1) door.log.append("task.output");
  const { response } = await open(door);
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.read();
  await new Promise(setImmediate);
  expect(door.log.readsAfterWhich).toBeLessThanOrEqual(400);
  await reader?.cancel();
});

test("a stream that loses its database is cut without an end, so that the client comes back", async () => {
  const door = createDoor({
    queries: {
      status: async () => {
        throw new LonghaulError("unavailable", "The database is away.");
      },
    },
  });
  door.log.append("execution.created");
  expect((await collect((await open(door)).messages)).map(({ event }) => event)).toEqual(["execution.created"]);
  expect(door.lines.map(({ message }) => message)).toContain("a stream was cut");
  expect(door.log.followers.size).toBe(0);
});

test("an unknown execution is 404 and a bad sequence number 400", async () => {
  const door = createDoor();
  expect((await door.request("/api/executions/other/stream")).status).toBe(404);
  expect((await door.request(`${path}?after=-1`)).status).toBe(400);
  expect((await door.request(path, { headers: { "last-event-id": "x" } })).status).toBe(400);
});
