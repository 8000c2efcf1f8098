/** Completion for shells: a script for each, all of which ask this program what fits. */
import type { Command } from "commander";
import { approvals } from "../../client/approvals.ts";
import type { Client } from "../../client/client.ts";
import { discoverOrchestrator } from "../../client/discover.ts";
import { type Candidate, candidatesFor, type KnownIds } from "../complete.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Session } from "../session.ts";

/** Somebody waits with a finger on the key. */
const patienceMs = 500;
const mostIds = 30;

export const shells = ["bash", "zsh", "fish"] as const;

const scripts: Record<(typeof shells)[number], string> = {
  bash: `_longhaul() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(longhaul completion reply -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _longhaul longhaul
`,
  zsh: `#compdef longhaul
_longhaul() {
  local line
  local -a described
  for line in "\${(@f)$(longhaul completion reply -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#described} )); then _describe -V longhaul described; else _files; fi
}
if [ "$funcstack[1]" = "_longhaul" ]; then _longhaul; else compdef _longhaul longhaul; fi
`,
  fish: `function __longhaul_complete
  set -l before (commandline -opc)
  set -e before[1]
  longhaul completion reply -- $before (commandline -ct) 2>/dev/null
end
complete -c longhaul -k -a '(__longhaul_complete)'
`,
};

export function completion(shell: (typeof shells)[number]): number {
  process.stdout.write(scripts[shell]);
  return exitCodes.ok;
}

/** One line for each word that fits, with what it is after a tab. Mistakes say nothing: they would stand in the middle of a command line. */
export async function reply(program: Command, session: Session, words: readonly string[]): Promise<number> {
  const found = await candidatesFor(program, words.length === 0 ? [""] : words, knownIds(session));
  process.stdout.write(found.map(({ word, about }) => `${word}\t${about.replaceAll(/\s+/g, " ")}\n`).join(""));
  return exitCodes.ok;
}

function knownIds(session: Session): KnownIds {
  async function ask(read: (client: Client, call: { signal: AbortSignal }) => Promise<Candidate[]>): Promise<Candidate[]> {
    try {
      const { home, token } = session.config;
      if (!(await discoverOrchestrator(home, { token, timeoutMs: patienceMs })).running) return [];
      return await read(await session.client(), { signal: AbortSignal.timeout(patienceMs) });
    } catch {
      return [];
    }
  }
  return {
    executions: () =>
      ask(async (client, call) =>
        (await client.list({ limit: mostIds }, call)).executions.map(({ executionId, title, status }) => ({
          word: executionId,
          about: `${title}, ${status}`,
        })),
      ),
    tasks: (execution) =>
      ask(async (client, call) => {
        const latest = execution === "latest" ? (await client.list({ limit: 1 }, call)).executions[0]?.executionId : execution;
        const { tasks } = await client.execution(latest ?? execution, call);
        return tasks.map(({ id, title, status }) => ({ word: id, about: `${title}, ${status}` }));
      }),
    actions: () =>
      ask(async (client, call) => (await client.pendingActions(call)).map(({ id, title }) => ({ word: id, about: title }))),
    approvals: () =>
      ask(async (client, call) =>
        (await approvals(client, undefined, call)).approvals.map(({ id, title }) => ({ word: id, about: title })),
      ),
  };
}
