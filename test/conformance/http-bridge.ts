/** Lets a client that only speaks streamable HTTP reach an MCP server on standard input and output. One client at a time. */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";

type Message = { id?: number | string; method?: string };

export async function bridgeToHttp(child: ChildProcessWithoutNullStreams): Promise<{ url: string; close(): Promise<void> }> {
  const waiting = new Map<number | string, (line: string) => void>();
  createInterface(child.stdout).on("line", (line) => {
    const { id } = JSON.parse(line) as Message;
    if (id === undefined) return;
    waiting.get(id)?.(line);
    waiting.delete(id);
  });

  const server = createServer((request, response) => {
    const end = (status: number, body = "") => response.writeHead(status, { "content-type": "application/json" }).end(body);
    if (request.method !== "POST") return void end(405);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      const { id, method } = JSON.parse(body) as Message;
      if (id !== undefined && method !== undefined) waiting.set(id, (line) => end(200, line));
      else end(202);
      child.stdin.write(`${JSON.stringify(JSON.parse(body))}\n`);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
