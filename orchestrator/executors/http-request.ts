/**
 * One HTTP request of a task: to an address that may be called, without following redirects, with an end to time and size. Node's own client
 * and not fetch, because the connection has to go to the address that was checked. Runs in the task's own process and in the orchestrator.
 */
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import type { HttpExpectation } from "../../plan/params/http.ts";
import { createNetworkGuard, isNamedHost, privateAddress } from "../network-guard.ts";

export type HttpCall = {
  url: string;
  method: string;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
  timeoutMs: number;
  mostBytes: number;
  /** Hosts that the owner named; anything else has to be a public address. */
  ownHosts: readonly string[];
};
export type HttpAnswer = { status: number; headers: Record<string, string | string[] | undefined>; body: Buffer };

/** No answer. `sent` says whether the service may have got the request. */
export class NoAnswer extends Error {
  readonly sent: boolean;
  /** Asking again would end in the same way. */
  readonly permanent: boolean;
  constructor(message: string, how: { sent: boolean; permanent: boolean }) {
    super(message);
    this.sent = how.sent;
    this.permanent = how.permanent;
  }
}

const hopeless = /^(?:CERT_|ERR_TLS|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_INVALID|HPE_|ERR_SSL|EPROTO)|private address|too large/;

/** @throws NoAnswer */
export function callHttp(call: HttpCall): Promise<HttpAnswer> {
  const url = new URL(call.url);
  const guard = createNetworkGuard(isNamedHost(call.ownHosts, url));
  if (guard.refuses(url.hostname)) return Promise.reject(refused(url));
  return new Promise((resolve, reject) => {
    let sent = false;
    const send = url.protocol === "https:" ? requestTls : requestPlain;
    const body = call.body === undefined ? undefined : Buffer.from(call.body);
    const headers = { ...call.headers, ...(body === undefined ? {} : { "content-length": String(body.length) }) };
    const request = send(
      url,
      { method: call.method, headers, lookup: guard.lookup, signal: AbortSignal.timeout(call.timeoutMs), agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > call.mostBytes) request.destroy(new Error(`the answer is too large: more than ${call.mostBytes} bytes`));
          else chunks.push(chunk);
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
        response.on("error", fail);
      },
    );
    const fail = (error: Error & { code?: string }) => {
      if (error.message === privateAddress) return reject(refused(url));
      const why =
        error.name === "TimeoutError" || error.name === "AbortError" ? `no answer within ${call.timeoutMs / 1000} s` : "";
      const message = why || error.message || error.code || "the connection failed";
      reject(new NoAnswer(`${url.host}: ${message}`, { sent, permanent: hopeless.test(error.code ?? error.message) }));
    };
    request.on("socket", (socket) =>
      socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () => {
        sent = true;
      }),
    );
    request.on("error", fail);
    request.end(body);
  });
}

function refused(url: URL): NoAnswer {
  const message = `${url.host} is an address of this machine or of a private network, which a plan may not call by itself; the owner allows it with LONGHAUL_TASK_HOSTS=${url.host}`;
  return new NoAnswer(message, { sent: false, permanent: true });
}

/** What of the answer is not as expected, or nothing. */
export function disappointment(expect: HttpExpectation, answer: HttpAnswer): string | undefined {
  const wanted = expect.status === undefined ? ["2xx"] : [expect.status].flat();
  const met = wanted.some((one) => (typeof one === "number" ? one === answer.status : one[0] === String(answer.status)[0]));
  if (!met) return `answered ${answer.status}, not ${wanted.join(" or ")}`;
  const text = answer.body.toString("utf8");
  if (expect.text !== undefined && !text.includes(expect.text)) return `the answer does not hold ${JSON.stringify(expect.text)}`;
  if (expect.json === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "the answer is not JSON";
  }
  return missing(expect.json, value, "the answer");
}

/** Numbers and truths of a YAML plan are texts, so those are compared as texts. */
function missing(wanted: unknown, found: unknown, where: string): string | undefined {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found)) return `${where} is not a list`;
    if (found.length !== wanted.length) return `${where} has ${found.length} items, not ${wanted.length}`;
    return wanted.map((item, index) => missing(item, found[index], `${where}[${index}]`)).find((what) => what !== undefined);
  }
  if (wanted !== null && typeof wanted === "object") {
    if (found === null || typeof found !== "object" || Array.isArray(found)) return `${where} is not an object`;
    const fields = found as Record<string, unknown>;
    return Object.entries(wanted)
      .map(([key, value]) =>
        Object.hasOwn(fields, key) ? missing(value, fields[key], `${where}.${key}`) : `${where} has no ${key}`,
      )
      .find((what) => what !== undefined);
  }
  if (wanted === found || (typeof found === "number" || typeof found === "boolean" ? wanted === String(found) : false))
    return undefined;
  return `${where} is ${JSON.stringify(found)?.slice(0, 200)}, not ${JSON.stringify(wanted)}`;
}

/** Milliseconds that the service asks to be left alone for; undefined where it does not. */
export function retryAfterMs(headers: HttpAnswer["headers"], nowMs: number): number | undefined {
  const said = headers["retry-after"];
  if (typeof said !== "string") return undefined;
  if (/^\d+$/.test(said.trim())) return Number(said) * 1000;
  const at = Date.parse(said);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
