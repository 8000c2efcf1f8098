/** What the routes know besides the request: their services, and what the server adds to a real connection. */
import type { IncomingMessage } from "node:http";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { WebSocket } from "ws";
import type { Principal } from "../domain/principal.ts";
import type { Commands, Queries } from "../service.ts";

export type DoorEnv = {
  Bindings: {
    /** The connection; absent when the app is called as a function. */
    incoming?: IncomingMessage;
    /** Aborted when the server shuts down: streams end then, and clients come back to the next orchestrator. */
    closing?: AbortSignal;
    /** Present on WebSocket upgrades: takes what shall run on the connection once it is accepted. */
    acceptWebSocket?: (run: (socket: WebSocket) => void) => void;
  };
  Variables: {
    correlationId: string;
    /** The owner asks. False on the routes that answer strangers, and on those of agents. */
    authenticated: boolean;
    /** Whose token it was; not set for strangers. */
    principal: Principal;
  };
};

/** The part of a pino logger that the API uses. */
export type DoorLog = Record<"debug" | "info" | "warn" | "error", (fields: Record<string, unknown>, message: string) => void>;

export type Services = { commands: Commands; queries: Queries; log: DoorLog };

export type DoorApp = OpenAPIHono<DoorEnv>;

/** Adds the routes of one noun; each has its own file `<noun>-routes.ts` and its own schemas. */
export type Feature = (app: DoorApp) => void;
