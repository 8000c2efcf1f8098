/**
 * What the benchmark asks of an engine. Every engine is one module that exports `engine`, loaded in a process of its own; it is opened once,
 * runs every workload in that process and is closed.
 *
 * Example: `export const engine: Engine = { name: "mine", standing: "yardstick", setup: "defaults", open }`.
 */
import type { Graph } from "./graph.ts";
import type { Journal } from "./journal.ts";

/**
 * - `longhaul`: the engine under test.
 * - `limit`: not a product; bare SQL that shows what the machine can reach.
 * - `yardstick`: a durable engine that the goals compare with; it has dependencies or was given them through its own API.
 * - `queue`: durable, but shown for orientation only.
 */
export type Standing = "longhaul" | "limit" | "yardstick" | "queue";

export type Environment = {
  /** A database of its own, new and empty, on the server that all engines of the run share. */
  database: { host: string; user: string; database: string };
  /** An empty folder on the same disk, for engines that keep their data themselves. */
  directory: string;
};

/** How many tasks each workload has; an engine may ask for fewer where it is too slow for the time there is. */
export type Sizes = { dagLayers: number; independent: number; fan: number; chain: number; idleSamples: number };

export type Engine = {
  name: string;
  standing: Standing;
  /** The settings used and how dependencies are expressed; printed under the table. */
  setup: string;
  /** Largest sizes the engine gets through in reasonable time; the table says where they apply. */
  most?: Partial<Sizes>;
  /** Starts everything up to the point where work can be submitted. @throws Unavailable when something it needs is not on this machine */
  open(environment: Environment): Promise<Session>;
};

export type Session = {
  /**
   * Submits the whole graph, executes its tasks and resolves when the completion of the last one is durable. Every task is reported to the
   * journal when it starts and when it has finished. Never called again before it has resolved.
   */
  run(graph: Graph, journal: Journal): Promise<void>;
  close(): Promise<void>;
  /** Processes that do the engine's work, when that is not the process `open` was called in. The database server is not counted. */
  processes?: readonly number[];
};

/** The engine cannot run here; the message says what is missing and what to do. The other engines run all the same. */
export class Unavailable extends Error {
  override name = "Unavailable";
}
