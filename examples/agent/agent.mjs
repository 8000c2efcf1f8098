#!/usr/bin/env node
/**
 * A remote agent for Longhaul in plain Node (20 or newer), with no dependencies: it needs nothing but HTTP.
 *
 *   LONGHAUL_URL=http://127.0.0.1:8400 LONGHAUL_JOIN_TOKEN=lhj_… node agent.mjs
 *
 * It registers once (the token it gets lies in a file that only its user can read), asks for work, does it, reports on it, and stops what it is
 * told to halt. What it does here is to run `params.command` of the task; put your own work into `work`.
 *
 *   LONGHAUL_URL           the orchestrator
 *   LONGHAUL_JOIN_TOKEN    for the first start: `longhaul agents join` makes one
 *   AGENT_FILE             where id and token are kept, ./agent.json by default
 *   AGENT_NAME             the host's name by default
 *   AGENT_CAPABILITIES     words separated by commas, e.g. linux,gpu
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

const { LONGHAUL_URL: url = "http://127.0.0.1:8400", LONGHAUL_JOIN_TOKEN: joinToken, AGENT_FILE: file = "agent.json" } = process.env;
const name = process.env.AGENT_NAME ?? hostname();
const capabilities = (process.env.AGENT_CAPABILITIES ?? "").split(",").filter((word) => word !== "");

/** Ends when the agent is asked to; what it was doing is given back. */
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stopping.abort());

class Refused extends Error {
  constructor(status, problem) {
    super(`${status}: ${problem.detail ?? "refused"}`);
    this.status = status;
  }
}

/**
 * One call, repeated until it is answered. Repeating is safe: a report counts once, and work whose answer was lost comes again. What the
 * orchestrator refuses is thrown.
 */
async function call(token, method, path, body, signal) {
  for (let waitMs = 200; ; waitMs = Math.min(waitMs * 2, 10_000)) {
    let response;
    try {
      response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.any([AbortSignal.timeout(90_000), ...(signal ? [signal] : [])]),
      });
      const answer = await response.json();
      if (response.ok) return answer;
      if (response.status < 500 && response.status !== 429) throw new Refused(response.status, answer);
    } catch (error) {
      if (error instanceof Refused || signal?.aborted) throw error;
    }
    const wait = Number(response?.headers.get("retry-after") ?? 0) * 1000 || waitMs;
    await delay(wait * (0.5 + Math.random() / 2), undefined, { signal }); // not all agents at the same moment
  }
}

async function register() {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  if (joinToken === undefined) throw new Error(`There is no ${file}: set LONGHAUL_JOIN_TOKEN (longhaul agents join makes one).`);
  const { id, token } = await call(joinToken, "POST", "/api/agents", { name, capabilities }, stopping.signal);
  await writeFile(file, JSON.stringify({ id, token }), { mode: 0o600 });
  return { id, token };
}

/**
 * Does one piece of work. `report(events)` sends log lines and progress, `signal` is aborted when it has to stop. Returns the result.
 * This is the part to replace.
 */
async function work({ title, params }, report, signal) {
  if (typeof params.command !== "string") return { status: "failed", message: "params.command is missing", retryable: false };
  report({ type: "progress", percent: 0, message: `runs ${title}` });
  // A group of its own: what the command has started is stopped with it.
  const child = spawn("/bin/sh", ["-c", params.command], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const stop = () => process.kill(-child.pid, "SIGKILL");
  signal.addEventListener("abort", stop, { once: true });
  let tail = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      tail = (tail + text).slice(-4_000);
      for (let at = 0; at < text.length; at += 60_000) report({ type: "log", text: text.slice(at, at + 60_000) });
    });
  }
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  signal.removeEventListener("abort", stop);
  return code === 0
    ? { status: "succeeded", summary: tail.trim() }
    : { status: "failed", message: `exited with code ${code}`, summary: tail.trim() };
}

/** Everything around one piece of work: reports in order, heartbeats, and stopping when it is told to. */
async function perform({ id, token }, given) {
  const { executionId, taskId, attempt, heartbeatSeconds } = given;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, stopping.signal]);
  const obey = ({ halt }) => {
    const mine = halt.find((one) => one.executionId === executionId && one.taskId === taskId && one.attempt === attempt);
    if (mine !== undefined) stop.abort(mine.reason);
  };
  // A refusal (404, 409) means that it is not ours any more.
  const send = (method, path, body) =>
    call(token, method, path, body).then(obey, (error) => (error instanceof Refused ? stop.abort(error.message) : Promise.reject(error)));
  const reportTo = (body) =>
    send("POST", `/api/executions/${executionId}/events`, { reportId: randomUUID(), taskId, attempt, ...body });

  const beat = () => send("POST", `/api/agents/${id}/heartbeat`, { work: [{ executionId, taskId, attempt }] });
  let beating = beat(); // says that the work has arrived
  const timer = setInterval(() => (beating = beating.then(beat)), heartbeatSeconds * 1000);
  let events = [];
  let sending;
  const report = (event) => {
    events.push(event);
    sending ??= flush().finally(() => (sending = undefined));
  };
  async function flush() {
    await delay(50); // what comes together goes together
    while (events.length > 0) await reportTo({ events: events.splice(0, 40) });
  }

  console.log(`${taskId}, attempt ${attempt}: ${given.title}`);
  let result;
  try {
    result = await work(given, report, signal);
  } catch (error) {
    result = { status: "failed", message: String(error.message ?? error).slice(0, 2_000) };
  }
  clearInterval(timer);
  await Promise.all([sending, beating]);
  if (signal.aborted) result = { status: "halted", message: String(stop.signal.reason ?? "the agent was stopped") };
  await reportTo({ result });
  console.log(`${taskId}, attempt ${attempt}: ${result.status}`);
}

const me = await register();
console.log(`agent ${me.id} asks ${url} for work`);
while (!stopping.signal.aborted) {
  try {
    const { work: given } = await call(me.token, "GET", `/api/agents/${me.id}/work?waitSeconds=30`, undefined, stopping.signal);
    if (given !== null) await perform(me, given);
  } catch (error) {
    if (stopping.signal.aborted) break;
    if (error instanceof Refused && error.status === 401) throw new Error(`The token in ${file} is not valid any more.`);
    throw error;
  }
}
