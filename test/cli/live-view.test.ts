import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { watchExecution } from "../../cli/live-view.ts";
import type { Client } from "../../client/client.ts";
import type { Event } from "../../orchestrator/api/contract.ts";
import { eventOf, executionOf, taskOf } from "./snapshot.ts";

/** A terminal that keeps what is written to it. */
function terminal(columns = 80) {
  const writes: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.toString());
      done();
    },
  });
  return { writes, stream: Object.assign(stream, { columns, rows: 24, isTTY: true }) as unknown as NodeJS.WriteStream };
}

function clientOf(stream: Client["stream"], health: Client["health"] = () => Promise.resolve({} as never)): Client {
  return { execution: () => Promise.resolve(executionOf([taskOf("a"), taskOf("b")])), stream, health } as unknown as Client;
}

describe("watching", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("redraws at most ten times a second, however much happens", async () => {
    const { writes, stream } = terminal();
    async function* chatty(): AsyncGenerator<Event, never, undefined> {
      yield eventOf("task.started", "a", 0);
      for (let count = 0; count < 1000; count += 1) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        yield eventOf("task.output", "a", 0, { text: `line ${count}\n` });
        yield eventOf("task.retrying", "b", 0);
      }
      return undefined as never;
    }
    const watching = watchExecution(clientOf(chatty), "x", { signal: new AbortController().signal, fromStart: true, stream });
    await vi.advanceTimersByTimeAsync(2_100);
    expect(await watching).toBe("ended");
    expect(writes.length).toBeLessThanOrEqual(22);
    expect(writes.join("").match(/↻\S* b/g)).toHaveLength(1000);
    expect(writes.at(-1)).not.toContain("█");
  });

  it("erases exactly the rows that it drew, also after the terminal got narrower", async () => {
    const { writes, stream } = terminal(80);
    async function* one(): AsyncGenerator<Event, never, undefined> {
      yield eventOf("task.started", "a", 0);
      yield eventOf("task.output", "a", 0, { text: "x".repeat(200) });
      await new Promise((resolve) => setTimeout(resolve, 250));
      stream.columns = 40;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return undefined as never;
    }
    const watching = watchExecution(clientOf(one), "x", { signal: new AbortController().signal, fromStart: true, stream });
    await vi.advanceTimersByTimeAsync(1_000);
    await watching;
    expect(writes.map((text) => /^\x1b\[(\d+)A/.exec(text)?.[1])).toEqual([undefined, "2", "4", "2"]);
  });

  it("says once that the orchestrator is away, and once that it is back", async () => {
    const { writes, stream } = terminal();
    let away = false;
    const controller = new AbortController();
    async function* silent(): AsyncGenerator<Event, never, undefined> {
      await new Promise((_, reject) => controller.signal.addEventListener("abort", () => reject(new Error("aborted"))));
      yield eventOf("task.started", "a", 0);
      return undefined as never;
    }
    const health = () => (away ? Promise.reject(new Error("refused")) : Promise.resolve({} as never));
    const watching = watchExecution(clientOf(silent, health), "x", {
      signal: controller.signal,
      fromStart: true,
      stream,
      interactive: false,
    });
    away = true;
    await vi.advanceTimersByTimeAsync(10_000);
    away = false;
    await vi.advanceTimersByTimeAsync(10_000);
    controller.abort();
    expect(await watching).toBe("detached");
    expect(writes).toEqual([expect.stringContaining("does not answer"), "  the orchestrator is back\n"]);
  });
});
