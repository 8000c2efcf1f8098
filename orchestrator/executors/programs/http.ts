/** Tasks of kind `http`: one request; the answer is an artifact, and what of it was expected is checked. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HttpParams } from "../../../plan/params/http.ts";
import { callHttp, disappointment, type HttpAnswer, NoAnswer, retryAfterMs } from "../http-request.ts";
import type { Perform, Result } from "./program.ts";
import { saveInWorkspace } from "./workspace-file.ts";

const mostBytes = 32 * 1024 * 1024;
const shownBytes = 4096;

export const performHttp: Perform<HttpParams> = async (params, around) => {
  const { url, method, headers, json, body, expect, timeoutSeconds, saveAs } = params;
  const { repeatable: mayRepeat } = around;
  const content = json === undefined ? body : jsonText(json);
  const usual: Record<string, string> = {
    "user-agent": "longhaul",
    accept: "*/*",
    ...(json === undefined ? {} : { "content-type": "application/json" }),
    ...(method === "GET" || method === "HEAD" ? {} : { "idempotency-key": around.idempotencyKey }),
  };
  const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const where = `${method} ${addressForPeople(url)}`;
  if (!mayRepeat) around.acting();
  let answer: HttpAnswer;
  try {
    answer = await callHttp({
      url,
      method,
      headers: { ...usual, ...given },
      body: content,
      timeoutMs: timeoutSeconds * 1000,
      mostBytes,
      ownHosts: around.settings["ownHosts"] as string[],
    });
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const message = `${where}: ${error.message}`;
    around.say(message);
    if (error.sent && !mayRepeat) return { status: "failed", message, unknown: true };
    return { status: "failed", failureClass: error.permanent ? "permanent" : "transient", message };
  }
  around.say(`${where} answered ${answer.status}, ${answer.body.length} bytes`);
  const type = String(answer.headers["content-type"] ?? "application/octet-stream");
  const isText = /^text\/|json|xml|javascript|x-www-form/.test(type);
  const text = isText ? answer.body.toString("utf8") : "";
  if (text !== "") around.say(text.slice(0, shownBytes));
  const name = /json/.test(type)
    ? "response.json"
    : /^text\/html/.test(type)
      ? "response.html"
      : isText
        ? "response.txt"
        : "response.bin";
  await writeFile(join(around.artifacts, name), answer.body, { mode: 0o600 });
  const artifacts = [{ name, mediaType: type }];
  const wrong = disappointment(expect, answer);
  if (wrong !== undefined) return { ...judged(answer, mayRepeat), message: `${where}: ${wrong}`, artifacts };
  if (saveAs !== undefined) await saveInWorkspace(around.workspace, saveAs, answer.body);
  return { status: "succeeded", message: `${where} answered ${answer.status}`, summary: text.slice(0, shownBytes), artifacts };
};

/** Busy and broken services may do better later; one that says no means it. */
function judged(answer: HttpAnswer, mayRepeat: boolean): Omit<Result, "message"> {
  const { status } = answer;
  const wait = retryAfterMs(answer.headers, Date.now());
  const later = wait === undefined ? {} : { retryAfterMs: wait };
  if (status === 429) return { status: "failed", failureClass: "rate_limit", retryAfterMs: wait ?? 30_000 };
  if (status === 503 && wait !== undefined) return { status: "failed", failureClass: "rate_limit", ...later };
  // A gateway that lost the service does not know whether the service did it.
  if ((status === 502 || status === 504) && !mayRepeat) return { status: "failed", unknown: true };
  if (status >= 500 || status === 408 || status === 425) return { status: "failed", failureClass: "transient", ...later };
  // A wrong body under the right status may be a state that is still to come, but nobody said so.
  return { status: "failed", failureClass: "permanent" };
}

/** Without the query, which may carry a key. */
function addressForPeople(url: string): string {
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname}${search === "" ? "" : "?…"}`;
}

/** A plan in YAML has only texts; a text that is JSON is sent as it is. */
function jsonText(json: unknown): string {
  if (typeof json !== "string") return JSON.stringify(json);
  try {
    JSON.parse(json);
    return json;
  } catch {
    return JSON.stringify(json);
  }
}
