/** The executors of this node by the kind of task they run. */
import type { Executor } from "./executor.ts";

export type Registry = { get(kind: string): Executor | undefined; kinds: string[] };

/** @throws when two executors claim the same kind */
export function createRegistry(executors: readonly Executor[]): Registry {
  const byKind = new Map<string, Executor>(executors.map((executor) => [executor.kind, executor]));
  if (byKind.size !== executors.length)
    throw new Error(`two executors of one kind: ${executors.map(({ kind }) => kind).join(", ")}`);
  return { get: (kind) => byKind.get(kind), kinds: [...byKind.keys()] };
}
