/**
 * This browser's session. The cookie is out of reach for scripts; its other half, the proof, lies in this origin's storage and goes along
 * with each request. The code of a login link stands in the fragment and leaves the address before anything else happens.
 */
import { signal } from "@preact/signals";
import { ApiError } from "../client/api-error.ts";
import { type Client, createClient } from "../client/client.ts";
import { logIn, logOut } from "../client/dashboard.ts";

const storageKey = "longhaul.session";

export type SessionState = { kind: "in" } | { kind: "entering" } | { kind: "out"; why: string | undefined };

const stored = localStorage.getItem(storageKey);
export const session = signal<SessionState>(stored === null ? { kind: "out", why: undefined } : { kind: "in" });

/** The client of this page; replaced at each login. */
export let client: Client = clientWith(stored ?? "");

function clientWith(proof: string): Client {
  return createClient({
    url: location.origin,
    proof,
    fetch: async (input, init) => {
      const response = await fetch(input, { ...init, credentials: "same-origin" });
      if (response.status === 401 && session.peek().kind === "in") {
        localStorage.removeItem(storageKey);
        session.value = { kind: "out", why: "The session has ended." };
      }
      return response;
    },
  });
}

/** Exchanges the code behind the # of `/dashboard/login#CODE`, if that is where we are. */
export async function logInFromAddress(): Promise<void> {
  if (!location.pathname.endsWith("/login")) return;
  const code = location.hash.slice(1);
  history.replaceState(null, "", "/dashboard/");
  dispatchEvent(new PopStateEvent("popstate"));
  if (code === "") return;
  session.value = { kind: "entering" };
  try {
    const { proof } = await logIn(clientWith(""), code);
    localStorage.setItem(storageKey, proof);
    client = clientWith(proof);
    session.value = { kind: "in" };
  } catch (error) {
    session.value = { kind: "out", why: error instanceof ApiError ? error.problem.detail : String(error) };
  }
}

export async function leave(): Promise<void> {
  await logOut(client).catch(() => undefined);
  localStorage.removeItem(storageKey);
  session.value = { kind: "out", why: "You are logged out." };
}
