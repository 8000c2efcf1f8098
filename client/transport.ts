/**
 * One request to the orchestrator. A call that certainly did not arrive (connection refused) and a read that broke off are repeated
 * once, after asking `relocate` where the orchestrator is now: a restarted one may listen elsewhere. Writes whose fate is unknown are
 * never repeated here.
 */
import { ApiError, errorFromResponse } from "./api-error.ts";

/** Programs have the token; a browser has a cookie, and its proof. */
export type Endpoint = { url: string } & ({ token: string } | { proof: string });

export type TransportOptions = Endpoint & {
  fetch?: typeof fetch;
  /** How long one call may take, 30 s by default; streams are not bound by it. */
  timeoutMs?: number;
  /** Finds the orchestrator again after it went away; undefined when it is not running. */
  relocate?: () => Promise<Endpoint | undefined>;
};

export type Call = {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** False for streams: they last as long as they last. */
  bounded?: boolean;
  /** True where a 503 with a plain JSON body is an answer: health says so when it is not ready. */
  mayBeUnready?: boolean;
};

export type Transport = (call: Call) => Promise<Response>;

export function createTransport(options: TransportOptions): Transport {
  const { fetch: send = fetch, timeoutMs = 30_000, relocate } = options;
  let endpoint: Endpoint = options;

  async function attempt(call: Call): Promise<Response> {
    const url = new URL(call.path, endpoint.url);
    const correlationId = crypto.randomUUID();
    const signals = call.signal === undefined ? [] : [call.signal];
    if (call.bounded !== false) signals.push(AbortSignal.timeout(timeoutMs));
    try {
      const response = await send(url, {
        method: call.method,
        headers: {
          ...("token" in endpoint ? { authorization: `Bearer ${endpoint.token}` } : { "x-longhaul-session": endpoint.proof }),
          "x-correlation-id": correlationId,
          ...(call.body === undefined ? {} : { "content-type": "application/json" }),
          ...call.headers,
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
        redirect: "error",
      });
      const isUnreadyAnswer = response.status === 503 && call.mayBeUnready && isPlainJson(response);
      if (!response.ok && !isUnreadyAnswer) throw await errorFromResponse(response, correlationId);
      return response;
    } catch (cause) {
      if (cause instanceof ApiError || call.signal?.aborted) throw cause;
      throw unreachable(url, correlationId, timeoutMs, cause);
    }
  }

  return async (call) => {
    try {
      return await attempt(call);
    } catch (error) {
      const repeatable =
        error instanceof ApiError && error.problem.code === "unreachable" && (call.method === "GET" || wasRefused(error));
      if (!repeatable) throw error;
      endpoint = (await relocate?.()) ?? endpoint;
      return attempt(call);
    }
  };
}

function unreachable(url: URL, correlationId: string, timeoutMs: number, cause: unknown): ApiError {
  const timedOut = cause instanceof DOMException && cause.name === "TimeoutError";
  return new ApiError(
    {
      type: "about:blank",
      title: timedOut ? "No answer in time" : "Orchestrator unreachable",
      status: 0,
      detail: timedOut
        ? `The orchestrator at ${url.origin} did not answer within ${timeoutMs / 1000} s.`
        : `The orchestrator at ${url.origin} cannot be reached (${systemCode(cause) ?? String(cause)}).`,
      hint: timedOut ? "See its log in LONGHAUL_HOME/logs/orchestrator.log." : "Start it with 'longhaul up'.",
      code: timedOut ? "timeout" : "unreachable",
      correlationId,
    },
    cause,
  );
}

function isPlainJson(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("application/json") ?? false;
}

function wasRefused(error: ApiError): boolean {
  return systemCode(error.cause) === "ECONNREFUSED";
}

/** fetch wraps the system's error, and one per address when a name has several. */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  return systemCode(error.cause);
}
