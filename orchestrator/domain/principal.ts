/** Who sent a request. It follows from the token alone; nothing that the request says about its sender counts. */

export type AgentPrincipal = { kind: "agent"; id: string; name: string; capabilities: readonly string[] };
export type JoiningPrincipal = {
  kind: "joining";
  /** Of the join token. */
  id: string;
  digest: string;
  /** The most an agent that joins with it may claim; undefined where anything goes. */
  capabilities: readonly string[] | undefined;
};
export type Principal = { kind: "owner" } | AgentPrincipal | JoiningPrincipal;

/** As it stands in records: `owner`, `agent ID`, `join token ID`. */
export function principalText(principal: Principal): string {
  if (principal.kind === "owner") return "owner";
  return `${principal.kind === "agent" ? "agent" : "join token"} ${principal.id}`;
}
