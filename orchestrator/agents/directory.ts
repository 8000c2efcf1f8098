/**
 * Whose token it is. Answers are kept in memory for a while, so that ten thousand polling agents cost no query each; a revocation is told to
 * every node and empties this memory, and where the message is lost the answers grow old by themselves. Questions that come together are asked
 * together.
 */
import type { Principal } from "../domain/principal.ts";
import type { AgentStore } from "../store/agents.ts";
import { createBatch } from "./batch.ts";
import { digestOf, isAgentToken } from "./tokens.ts";

const freshMs = 30_000;
const most = 50_000;

export type AgentDirectory = {
  /** Undefined for what is no valid token of an agent, and for join tokens that are used up. */
  principalOf(token: string): Promise<Principal | undefined>;
  /** Somebody was revoked or changed. */
  forget(): void;
};

export function createAgentDirectory(store: Pick<AgentStore, "principals">, now: () => number): AgentDirectory {
  const known = new Map<string, { principal: Principal; untilMs: number }>();
  let generation = 0;
  const ask = createBatch(async (digests: string[]) => {
    const found = await store.principals(digests);
    return digests.map((digest) => found.get(digest));
  });
  return {
    async principalOf(token) {
      if (!isAgentToken(token)) return undefined;
      const digest = digestOf(token);
      const kept = known.get(digest);
      if (kept !== undefined && kept.untilMs > now()) return kept.principal;
      const before = generation;
      const principal = await ask(digest);
      // What was asked before a revocation must not be kept after it. Join tokens are used up: they are always asked anew.
      if (principal?.kind === "agent" && before === generation) {
        if (known.size >= most) known.clear();
        known.set(digest, { principal, untilMs: now() + freshMs });
      } else known.delete(digest);
      return principal;
    },
    forget() {
      generation += 1;
      known.clear();
    },
  };
}
