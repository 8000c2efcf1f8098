import fc from "fast-check";
import { expect, test } from "vitest";
import { readServerSentEvents } from "../../client/server-sent-events.ts";

const text =
  'retry: 1000\n: connected\n\nid: 1\nevent: a\ndata: {"x":"ä€😀"}\n\n: heartbeat\n\ndata: one\ndata:two\r\n\r\nevent: end\rdata: {}\r\rdata: unfinished\n';
const expected = [
  { event: "a", data: '{"x":"ä€😀"}' },
  { event: "message", data: "one\ntwo" },
  { event: "end", data: "{}" },
];

async function read(chunks: Uint8Array[]) {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const messages: { event: string; data: string }[] = [];
  for await (const message of readServerSentEvents(new Response(body), () => {})) messages.push(message);
  return messages;
}

test("messages come out the same, however the bytes are cut", async () => {
  const bytes = new TextEncoder().encode(text);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 40 }), async (cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = edges.slice(1).map((edge, index) => bytes.slice(edges[index], edge));
      expect(await read(chunks)).toEqual(expected);
    }),
  );
});
