/** An answer written straight to a socket, where there is no HTTP response object: broken requests and refused upgrades. */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

export function endWithAnswer(socket: Duplex, status: number, headers: Record<string, string>, body: string): void {
  if (socket.destroyed || !socket.writable) return;
  const lines = Object.entries({ ...headers, connection: "close", "content-length": String(Buffer.byteLength(body)) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${head}\r\n${body}`);
}
