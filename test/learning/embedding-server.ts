/** A server that speaks OpenAI's embeddings API. Its vectors are made of the words of a text, so that what it says can be foreseen. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type EmbeddingServer = {
  url: string;
  requests: { model: string; input: string[]; encoding_format?: string }[];
  /** Texts that contain `one` get the vector of `other`. */
  meansTheSame(one: string, other: string): void;
  /** Every further request is answered with this status; 200 heals it. */
  breakWith(status: number): void;
  /** The next answer is this body. */
  answerOnce(body: unknown): void;
  close(): Promise<void>;
};

const dimensions = 96;

export async function startEmbeddingServer(): Promise<EmbeddingServer> {
  const same = new Map<string, string>();
  const requests: EmbeddingServer["requests"] = [];
  let status = 200;
  let next: unknown;
  const server = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      const asked = JSON.parse(body) as EmbeddingServer["requests"][number];
      requests.push(asked);
      const data = asked.input.map((text, index) => ({ object: "embedding", index, embedding: vectorOf(replaced(text)) }));
      response.writeHead(status, { "content-type": "application/json" });
      response.end(
        JSON.stringify(
          status === 200 ? (next ?? { object: "list", data: data.toReversed(), model: asked.model }) : { error: {} },
        ),
      );
      next = undefined;
    })();
  });
  const replaced = (text: string) => [...same].find(([one]) => text.includes(one))?.[1] ?? text;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    meansTheSame: (one, other) => void same.set(one, other),
    breakWith: (code) => void (status = code),
    answerOnce: (body) => void (next = body),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function vectorOf(text: string): number[] {
  const vector = Array.from({ length: dimensions }, () => 0);
  for (const word of text.toLowerCase().split(/\W+/)) {
    const digest = createHash("sha256").update(word).digest();
    for (let index = 0; index < dimensions; index += 1)
      vector[index] = (vector[index] ?? 0) + ((digest[index % 32] as number) - 127.5) * (index % 2 === 0 ? 1 : -1);
  }
  return vector;
}
