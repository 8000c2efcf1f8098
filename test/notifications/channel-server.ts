/** A service on loopback that notes what it is sent and answers as a test tells it to. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Received = { path: string; headers: IncomingHttpHeaders; body: Record<string, unknown>; text: string; atMs: number };
export type ChannelServer = {
  url: string;
  received: Received[];
  /** Handles the next requests, one function each; after them everything is accepted. */
  next(...answers: ((response: ServerResponse) => void)[]): void;
  close(): Promise<void>;
};

export const answerWith =
  (status: number, body = "", headers: Record<string, string> = {}) =>
  (response: ServerResponse) => {
    response.writeHead(status, headers);
    response.end(body);
  };

export async function startChannelServer(): Promise<ChannelServer> {
  const received: Received[] = [];
  let queue: ((response: ServerResponse) => void)[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let text = "";
      for await (const chunk of request) text += String(chunk);
      const answer = queue.shift();
      if (answer !== undefined) return answer(response);
      received.push({ path: request.url ?? "", headers: request.headers, body: JSON.parse(text), text, atMs: Date.now() });
      response.writeHead(200, { "content-type": "application/json" });
      response.end("{}");
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    next: (...answers) => void (queue = answers),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
