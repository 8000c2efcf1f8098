/** For who has no session: how to get one. */
import icon from "../icon.svg";
import type { SessionState } from "../session.ts";

export function LogIn({ state }: { state: SessionState }) {
  return (
    <main class="login">
      <img src={icon} alt="" width="56" height="56" />
      <h1>Longhaul</h1>
      {state.kind === "entering" ? (
        <p role="status">Logging in…</p>
      ) : (
        <>
          {state.kind === "out" && state.why !== undefined ? (
            <p class="login-why" role="alert">
              {state.why}
            </p>
          ) : null}
          <p>Ask for a link in a terminal and open it in this browser. It works once, within a minute.</p>
          <pre class="command">longhaul dashboard</pre>
        </>
      )}
    </main>
  );
}
