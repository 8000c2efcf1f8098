/**
 * The app behind a real socket: what can only be refused there (huge headers, slow senders, broken HTTP), WebSocket upgrades, the port and
 * the orderly end.
 *
 * Shutdown: no new connections, streams are told to come back (they resume from their last sequence number), running requests may finish,
 * and what is still open after the grace period is cut.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { LonghaulError } from "../domain/errors.ts";
import { answerBrokenRequest } from "./broken-request.ts";
import type { DoorApp, DoorLog } from "./door-env.ts";
import { problemResponse, Refusal, refusalFrom } from "./problem.ts";
import { upgradeHandler } from "./upgrade.ts";

export type ServerOptions = {
  app: DoorApp;
  host?: string;
  port: number;
  /** A port that was asked for by name is never replaced by a free one. */
  portIsExplicit: boolean;
  log: DoorLog;
  limits?: Partial<ServerLimits>;
};

export type ServerLimits = {
  headerBytes: number;
  /** Time for the headers to arrive. */
  headersMs: number;
  /** Time for the whole request to arrive; answers may take as long as they take. */
  requestMs: number;
  /** How often slow senders are looked for. */
  checkMs: number;
  /** How long running requests may go on after `close`. */
  graceMs: number;
};

export type RunningServer = { port: number; url: string; close(): Promise<void> };

const defaultLimits: ServerLimits = {
  headerBytes: 16 * 1024,
  headersMs: 10_000,
  requestMs: 60_000,
  checkMs: 1_000,
  graceMs: 5_000,
};

/** @throws LonghaulError when an explicitly wanted port is taken */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { app, host = "127.0.0.1", log } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const closing = new AbortController();
  const answer = getRequestListener(
    (request, env) => app.fetch(request, { incoming: env.incoming as IncomingMessage, closing: closing.signal }),
    {
      // Only the door judges the Host header; this name merely completes the URL.
      hostname: "localhost",
      overrideGlobalObjects: false,
      errorHandler: (error) => answerFailure(error, log),
    },
  );
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkMs,
      keepAlive: true,
      noDelay: true,
      // A missing Host is answered by the door like a wrong one.
      requireHostHeader: false,
    },
    (incoming: IncomingMessage, outgoing: ServerResponse) => {
      // The adapter would build the URL from it and fail on a malformed one before the door could answer; the raw headers still have it.
      delete incoming.headers.host;
      void answer(incoming, outgoing);
    },
  );
  const upgrades = upgradeHandler(app, closing.signal, log);
  server.on("upgrade", upgrades.onUpgrade);
  server.on("clientError", (error, socket) => answerBrokenRequest(error, socket as Socket, log));
  const port = await listen(server, host, options);
  const name = host.includes(":") ? `[${host}]` : host;

  let closed: Promise<void> | undefined;
  return {
    port,
    url: `http://${name}:${port}`,
    close: () => {
      closed ??= drain(server, closing, upgrades.terminate, limits.graceMs);
      return closed;
    },
  };
}

async function listen(server: Server, host: string, { port, portIsExplicit, log }: ServerOptions): Promise<number> {
  try {
    return await listenOn(server, host, port);
  } catch (error) {
    const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    if (!taken) throw error;
    if (portIsExplicit) {
      throw new LonghaulError("unavailable", `Port ${port} on ${host} is taken by another program.`, {
        hint: `Stop that program, or set LONGHAUL_PORT to a free port; without LONGHAUL_PORT a free one is chosen.`,
        cause: error,
      });
    }
    const free = await listenOn(server, host, 0);
    log.info({ wanted: port, port: free }, "the default port is taken, another one was chosen");
    return free;
  }
}

function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

async function drain(server: Server, closing: AbortController, terminateSockets: () => void, graceMs: number): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  closing.abort();
  server.closeIdleConnections();
  // A stream that was just told to end leaves its connection idle a moment later.
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const cut = setTimeout(() => {
    terminateSockets();
    server.closeAllConnections();
  }, graceMs);
  await ended;
  clearTimeout(cut);
  clearInterval(idle);
}

/** Faults before or behind the app: a request target that is no URL, or an answer that could not be made. */
function answerFailure(error: unknown, log: DoorLog): Response {
  const correlationId = crypto.randomUUID();
  const isRequestError = error instanceof Error && error.name === "RequestError";
  if (!isRequestError) log.error({ correlationId, err: error }, "a request failed outside the app");
  const refusal = isRequestError ? new Refusal("bad_request", "The request target is not a valid path.") : refusalFrom(error);
  return problemResponse(refusal, correlationId);
}
