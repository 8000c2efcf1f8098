import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { AttemptEvent } from "../../../orchestrator/executors/executor.ts";
import { OutputTail } from "../../../orchestrator/executors/output.ts";
import { createTextFramer } from "../../../orchestrator/executors/output-text.ts";

const megabyte = 1024 * 1024;

async function followed(options: { capBytes?: number; secrets?: string[] } = {}) {
  const directory = await mkdtemp(join(tmpdir(), "longhaul-output-"));
  const path = join(directory, "output.log");
  const events: AttemptEvent[] = [];
  let offset = 0;
  const framer = createTextFramer({ capBytes: options.capBytes ?? megabyte, secrets: options.secrets ?? [], logFile: path });
  const open = () =>
    new OutputTail({
      path,
      offset,
      framer,
      async record(entry) {
        expect(entry.fromOffset).toBe(offset);
        offset = entry.toOffset;
        events.push(...entry.events);
      },
    });
  let tail = open();
  onTestFinished(async () => {
    await tail.close();
    await rm(directory, { recursive: true });
  });
  return {
    path,
    events,
    offset: () => offset,
    texts: () => events.map((event) => event.data["text"] as string),
    text: () => events.map((event) => event.data["text"]).join(""),
    pump: (ended = false) => tail.pump(ended),
    /** As after a crash: a new tail that knows only the recorded offset. */
    async restart() {
      await tail.close();
      tail = open();
    },
  };
}

test("whatever is written, in whatever pieces, with restarts in between, arrives exactly once", async () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\n", "ü", "日本語", "😀", "a b\tc\r\n", "Bearer ", "-----BEGIN PRIVATE KEY"),
  );
  const step = fc.record({ bytes: piece.map((text) => Buffer.from(text)), split: fc.nat(3), restart: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const output = await followed();
      for (const { bytes, split, restart } of steps) {
        const cut = Math.min(split, bytes.length); // also inside a character
        await appendFile(output.path, bytes.subarray(0, cut));
        await output.pump();
        if (restart) await output.restart();
        await appendFile(output.path, bytes.subarray(cut));
        await output.pump();
      }
      await output.pump(true);
      const written = Buffer.concat(steps.map((step) => step.bytes));
      expect(output.offset()).toBe(written.length);
      const whole = written.toString("utf8").replaceAll("\0", "\u{FFFD}");
      if (!whole.includes("Bearer") && !whole.includes("BEGIN")) expect(output.text()).toBe(whole);
    }),
    { numRuns: 60 },
  );
});

test("binary output is recorded as text that every database takes", async () => {
  const output = await followed();
  await writeFile(output.path, Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 256)));
  await output.pump(true);
  expect(output.offset()).toBe(70_000);
  expect(output.text()).not.toContain("\0");
  expect(output.texts().every((text) => text.isWellFormed())).toBe(true);
});

test("lines are recorded when they are complete, a line without an end when it does not go on", async () => {
  const output = await followed();
  await writeFile(output.path, "whole\npart");
  await output.pump();
  expect(output.text()).toBe("whole\n");
  await expect.poll(() => output.pump().then(output.text), { timeout: 5_000 }).toBe("whole\npart");
});

test("a huge line without an end comes in pieces of at most 32 KB while it grows", async () => {
  const output = await followed();
  await writeFile(output.path, "x".repeat(300_000));
  await output.pump();
  expect(output.offset()).toBeGreaterThan(250_000);
  await output.pump(true);
  expect(output.text()).toBe("x".repeat(300_000));
  expect(Math.max(...output.texts().map((text) => text.length))).toBeLessThanOrEqual(32 * 1024);
});

test("behind the cap only the offset moves, and one event says so", async () => {
  const output = await followed({ capBytes: 10_000 });
  const line = `${"y".repeat(99)}\n`;
  await writeFile(output.path, line.repeat(500));
  await output.pump();
  await output.restart();
  await appendFile(output.path, line.repeat(500));
  await output.pump(true);
  expect(output.offset()).toBe(100_000);
  expect(output.events.filter((event) => event.data["truncated"])).toHaveLength(1);
  expect(output.events.at(-1)?.data).toMatchObject({ truncated: true, logFile: output.path });
  expect(output.texts().slice(0, -1).join("")).toBe(line.repeat(100));
});

test("a secret is masked also when it is written in two halves, before and after a restart", async () => {
  const output = await followed({ secrets: ["correct horse\nbattery"] });
  await writeFile(output.path, "a ghp_0123456789abcdef");
  await output.pump();
  await output.restart();
  await appendFile(output.path, "0123456789abcdef z\nthe correct hor");
  await output.pump();
  await appendFile(output.path, "se\n");
  await output.pump();
  await output.restart();
  await appendFile(output.path, "battery staple\n-----BEGIN RSA PRIVATE KEY-----\nMII");
  await output.pump();
  await appendFile(output.path, "ABC\n-----END RSA PRIVATE KEY-----\nend\n");
  await output.pump();
  expect(output.text()).toBe("a [redacted] z\nthe [redacted] staple\n[redacted]\nend\n");
});

test("a file that is not there yet is nothing to record", async () => {
  const output = await followed();
  await output.pump();
  await output.pump(true);
  expect(output.events).toEqual([]);
});
