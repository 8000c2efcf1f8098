/** Paste or drop a plan: what it would become, how long and how dear, what was not understood; then hand it off. Nothing starts before. */
import { useRef, useState } from "preact/hooks";
import { ApiError } from "../../client/api-error.ts";
import type { PreviewRequest, PreviewResponse, Problem } from "../../orchestrator/api/contract.ts";
import { Icon } from "../components/icon.tsx";
import { tell } from "../components/notice.tsx";
import { client } from "../session.ts";
import { HandOff } from "./hand-off.tsx";
import { PlanReport } from "./plan-report.tsx";

type Shown = { request: PreviewRequest; preview: PreviewResponse };

const mostBytes = 2 * 1024 * 1024;
const placeholder = `- [ ] Build the library
  - Run: \`npm run build\`
  - Verify: \`npm test\`
- [ ] Write the changelog`;

export function Preview() {
  const [text, setText] = useState("");
  const [path, setPath] = useState("");
  const [shown, setShown] = useState<Shown>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [over, setOver] = useState(false);
  const file = useRef<HTMLInputElement>(null);

  async function look(request: PreviewRequest): Promise<void> {
    setBusy(true);
    setProblem(undefined);
    try {
      setShown({ request, preview: await client.preview(request) });
    } catch (error) {
      setShown(undefined);
      if (error instanceof ApiError) setProblem(error.problem);
      else tell(String(error), "failed");
    }
    setBusy(false);
  }
  async function take(chosen: File | undefined): Promise<void> {
    if (chosen === undefined) return;
    if (chosen.size > mostBytes) {
      tell(
        `${chosen.name} has ${Math.round(chosen.size / 1024)} KB; give its path on the orchestrator's machine instead.`,
        "failed",
      );
      return;
    }
    const content = await chosen.text();
    setPath("");
    setText(content);
    await look({ text: content });
  }
  const request: PreviewRequest | undefined =
    path.trim() !== "" ? { path: path.trim() } : text.trim() !== "" ? { text } : undefined;

  return (
    <>
      <header class="page-head">
        <h1>New plan</h1>
        <p>Markdown, GSD, YAML, JSON, spec-kit, Task Master and others. Nothing starts before you hand it off.</p>
      </header>
      <form
        class="plan-input card"
        data-over={over}
        onSubmit={(event) => {
          event.preventDefault();
          if (request !== undefined) void look(request);
        }}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          void take(event.dataTransfer?.files[0]);
        }}
      >
        <label class="field">
          <span>The plan, pasted or dropped here as a file</span>
          <textarea
            class="mono"
            rows={shown === undefined ? 12 : 5}
            spellcheck={false}
            placeholder={placeholder}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <div class="plan-actions">
          <label class="field plan-path">
            <span>or its path on the orchestrator's machine</span>
            <input
              class="mono"
              placeholder="/home/me/project/ROADMAP.md"
              value={path}
              onInput={(event) => setPath(event.currentTarget.value)}
            />
          </label>
          <input
            ref={file}
            type="file"
            class="visually-hidden"
            tabIndex={-1}
            aria-label="Plan file"
            onChange={(event) => {
              const input = event.currentTarget;
              void take(input.files?.[0]).then(() => {
                input.value = "";
              });
            }}
          />
          <button type="button" onClick={() => file.current?.click()}>
            <Icon name="plan" size={15} />
            Choose a file
          </button>
          <button type="submit" class="primary" disabled={request === undefined || busy}>
            {busy ? "Reads…" : "Preview"}
          </button>
        </div>
      </form>
      {problem === undefined ? null : <PlanProblem problem={problem} />}
      {shown === undefined ? null : (
        <>
          <HandOff request={shown.request} preview={shown.preview} />
          <PlanReport preview={shown.preview} />
        </>
      )}
    </>
  );
}

function PlanProblem({ problem }: { problem: Problem }) {
  return (
    <section class="blockers plan-problem" data-tone="failed" role="alert">
      <Icon name="alert" />
      <div>
        <strong>{problem.detail}</strong>
        {problem.hint === undefined ? null : <p>{problem.hint}</p>}
        <ul>
          {(problem.errors ?? []).map((error, index) => {
            const text = textOf(error["message"]) ?? textOf(error["text"]) ?? JSON.stringify(error);
            return (
              <li key={index}>
                {typeof error["line"] === "number" ? <span class="mono">line {error["line"]}: </span> : null}
                {text === problem.detail ? null : text}
                {typeof error["fix"] === "string" ? <span> → {error["fix"]}</span> : null}
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
