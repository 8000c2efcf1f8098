/** Remote agents: who is there, what each works on, and letting new ones in. A token is shown once. */
import { useState } from "preact/hooks";
import { agent, agents, createJoinToken, refusedToAgents, registerAgent, revokeAgent } from "../../client/agents.ts";
import type { Agent } from "../../orchestrator/api/agent-contract.ts";
import { useAsked } from "../components/asked.ts";
import { CopyText } from "../components/copy-text.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Empty, Failure, Loading } from "../components/empty.tsx";
import { Icon } from "../components/icon.tsx";
import { attempt, tell } from "../components/notice.tsx";
import { clock, dateText, relativeText } from "../moments.ts";
import { follow, hrefTo } from "../router.ts";
import { client } from "../session.ts";
import type { Tone } from "../statuses.ts";

const tones: Record<Agent["status"], Tone> = { active: "done", blocked: "waiting", revoked: "idle" };
const everyMs = 4000;
const mostRefusals = 20;

export function Agents() {
  const { answer, failure, again } = useAsked(() => agents(client), [], everyMs);
  const refused = useAsked(() => refusedToAgents(client, { limit: mostRefusals }), [], 3 * everyMs);
  const [adds, setAdds] = useState(false);
  if (answer === undefined) return failure === undefined ? <Loading /> : <Failure text={failure} />;
  const present = answer.agents.filter(({ status }) => status !== "revoked");
  const gone = answer.agents.length - present.length;
  return (
    <>
      <header class="page-head">
        <h1>Agents</h1>
        <button type="button" class="primary" onClick={() => setAdds(true)}>
          Let one in
        </button>
        <p>Programs on other machines that take tasks of kind agent. Each sees and reports only its own work.</p>
      </header>
      {present.length === 0 ? (
        <Empty icon="agents" title="No agent is registered">
          Tasks of kind agent wait until one with their capabilities asks for work.
        </Empty>
      ) : (
        <ul class="agents">
          {present.map((one) => (
            <li key={one.id}>
              <AgentCard one={one} onChanged={again} />
            </li>
          ))}
        </ul>
      )}
      {gone === 0 ? null : <p class="muted agents-gone">{gone} were revoked.</p>}
      {refused.answer === undefined || refused.answer.entries.length === 0 ? null : (
        <section aria-label="Refused to agents" class="stack learned">
          <h2>Refused to agents</h2>
          <ul class="boxed note-list">
            {refused.answer.entries.map((entry) => (
              <li key={`${entry.at} ${entry.action} ${entry.principal}`}>
                <span class="muted">{relativeText(entry.at, clock.value)}</span> <span class="mono">{entry.action}</span> by{" "}
                {entry.principal}: {entry.status}, {entry.reason}
                {entry.times > 1 ? <span class="muted"> {entry.times} times</span> : null}
              </li>
            ))}
          </ul>
        </section>
      )}
      {adds ? <NewAgent onClose={() => setAdds(false)} onAdded={again} /> : null}
    </>
  );
}

function AgentCard({ one, onChanged }: { one: Agent; onChanged: () => Promise<void> }) {
  const detail = useAsked(() => agent(client, one.id), [one.id, one.lastSeenAt]);
  const [asks, setAsks] = useState(false);
  async function revoke(): Promise<void> {
    setAsks(false);
    const answer = await attempt(() => revokeAgent(client, one.id));
    if (answer !== undefined) tell(`${one.name} cannot come in any more.`);
    await onChanged();
  }
  const work = detail.answer?.work ?? [];
  return (
    <article class="card agent" aria-label={one.name} data-tone={tones[one.status]}>
      <header class="agent-head">
        <h2>{one.name}</h2>
        <span class="pill" data-tone={tones[one.status]}>
          {one.status === "blocked" ? "silent" : one.status}
        </span>
        <span class="muted">{one.lastSeenAt === null ? "never seen" : `seen ${relativeText(one.lastSeenAt, clock.value)}`}</span>
        <button type="button" class="small danger" onClick={() => setAsks(true)}>
          Revoke
        </button>
      </header>
      {one.capabilities.length === 0 ? null : (
        <ul class="chips" aria-label="Capabilities">
          {one.capabilities.map((capability) => (
            <li key={capability} class="tag mono">
              {capability}
            </li>
          ))}
        </ul>
      )}
      {work.length === 0 ? (
        <p class="muted">Works on nothing now.</p>
      ) : (
        <ul class="stack">
          {work.map((task) => (
            <li key={`${task.executionId} ${task.taskId}`}>
              <a href={hrefTo(`/executions/${task.executionId}?task=${encodeURIComponent(task.taskId)}`)} onClick={follow}>
                <span class="mono">{task.taskId}</span> {task.title}
              </a>{" "}
              <span class="muted">since {relativeText(task.takenAt, clock.value)}</span>
            </li>
          ))}
        </ul>
      )}
      {asks ? (
        <Dialog title={`Revoke ${one.name}?`} onClose={() => setAsks(false)}>
          <p>Its token stops working at once. What it works on is given to another agent when its lease runs out.</p>
          <div class="dialog-actions">
            <button type="button" onClick={() => setAsks(false)}>
              Leave it
            </button>
            <button type="button" class="danger solid" onClick={() => void revoke()}>
              Revoke it
            </button>
          </div>
        </Dialog>
      ) : null}
    </article>
  );
}

type Given = { what: string; token: string; note: string };

function NewAgent({ onClose, onAdded }: { onClose: () => void; onAdded: () => Promise<void> }) {
  const [name, setName] = useState("");
  const [capabilities, setCapabilities] = useState("");
  const [given, setGiven] = useState<Given>();
  const words = capabilities.split(/[\s,]+/).filter(Boolean);
  async function register(event: Event): Promise<void> {
    event.preventDefault();
    const answer = await attempt(() => registerAgent(client, { name: name.trim(), capabilities: words }));
    if (answer === undefined) return;
    setGiven({ what: `The token of ${answer.name}`, token: answer.token, note: "It is shown this once; only its hash is kept." });
    await onAdded();
  }
  async function invite(): Promise<void> {
    const answer = await attempt(() => createJoinToken(client, words.length === 0 ? {} : { capabilities: words }));
    if (answer === undefined) return;
    setGiven({
      what: "A join token for one agent",
      token: answer.token,
      note: `It is shown this once, and works until ${dateText(answer.expiresAt)}.`,
    });
  }
  return (
    <Dialog title="Let an agent in" onClose={onClose}>
      {given === undefined ? (
        <form class="stack" onSubmit={(event) => void register(event)}>
          <label class="field">
            <span>Its name</span>
            <input value={name} onInput={(event) => setName(event.currentTarget.value)} />
          </label>
          <label class="field">
            <span>What it can do, in words</span>
            <input
              class="mono"
              placeholder="gpu linux"
              value={capabilities}
              onInput={(event) => setCapabilities(event.currentTarget.value)}
            />
          </label>
          <div class="dialog-actions">
            <button type="button" onClick={() => void invite()}>
              <Icon name="agents" size={15} />
              Make a join token instead
            </button>
            <button type="submit" class="primary" disabled={name.trim() === ""}>
              Register
            </button>
          </div>
        </form>
      ) : (
        <div class="stack">
          <p>{given.what}:</p>
          <CopyText text={given.token} />
          <p class="muted">{given.note}</p>
          <div class="dialog-actions">
            <button type="button" class="primary" onClick={onClose}>
              I have it
            </button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
