/**
 * WebSocket upgrades take the way of every other request through the app, so the same checks hold; a route that accepts one says what
 * shall run on the connection. Everything else is refused with the app's answer.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { DoorApp, DoorLog } from "./door-env.ts";
import { endWithAnswer } from "./raw-answer.ts";

/** Clients have nothing to say on these connections. */
const maxIncomingBytes = 1024;

export type Upgrades = {
  onUpgrade: (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Cuts the connections that did not close by themselves. */
  terminate: () => void;
};

export function upgradeHandler(app: DoorApp, closing: AbortSignal, log: DoorLog): Upgrades {
  const server = new WebSocketServer({ noServer: true, maxPayload: maxIncomingBytes, perMessageDeflate: false });

  async function upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    let run: ((socket: WebSocket) => void) | undefined;
    const isWebSocket = incoming.headers.upgrade?.toLowerCase() === "websocket";
    const response = await app.fetch(requestFrom(incoming), {
      incoming,
      closing,
      ...(isWebSocket
        ? {
            acceptWebSocket: (accepted) => {
              run = accepted;
            },
          }
        : {}),
    });
    if (socket.destroyed) return;
    if (run !== undefined) {
      server.handleUpgrade(incoming, socket, head, run);
      return;
    }
    // A success here is an ordinary answer to a request whose upgrade this server does not offer; streams have no end, so none is sent.
    const body = response.ok ? "" : await response.text();
    await response.body?.cancel().catch(() => {});
    endWithAnswer(socket, response.ok ? 426 : response.status, Object.fromEntries(response.headers), body);
  }

  return {
    onUpgrade: (incoming, socket, head) => {
      // Without a listener a reset during the handshake would end the process.
      socket.on("error", () => socket.destroy());
      upgrade(incoming, socket, head).catch((error: unknown) => {
        log.error({ err: error }, "an upgrade failed");
        socket.destroy();
      });
    },
    terminate: () => {
      for (const socket of server.clients) socket.terminate();
    },
  };
}

/** The target cannot be trusted to be a URL; what is none becomes the root, where the door sees the original. */
function requestFrom(incoming: IncomingMessage): Request {
  const target = incoming.url?.startsWith("/") && URL.canParse(incoming.url, "http://localhost") ? incoming.url : "/";
  const headers = new Headers();
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
    headers.append(incoming.rawHeaders[index] ?? "", incoming.rawHeaders[index + 1] ?? "");
  }
  return new Request(`http://localhost${target}`, { headers });
}
