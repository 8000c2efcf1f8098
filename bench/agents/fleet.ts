/**
 * Thousands of agents in one process, over bare sockets: what is measured is the orchestrator, so its clients do as little as HTTP allows. One
 * connection per agent and one call at a time on each.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export type Reply = { status: number; body: string };

/** One keep-alive connection. */
export class Line {
  readonly #socket: Socket;
  readonly #head: string;
  #received = "";
  #resolve: ((reply: Reply) => void) | undefined;

  private constructor(socket: Socket, head: string) {
    this.#socket = socket;
    this.#head = head;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#take(text));
    socket.on("error", () => undefined); // a call without an answer shows in what is waited for
  }

  static async open(url: URL, token: string): Promise<Line> {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    await once(socket, "connect");
    return new Line(socket, `Host: ${url.host}\r\nAuthorization: Bearer ${token}\r\n`);
  }

  call(method: string, path: string, body?: string): Promise<Reply> {
    const content =
      body === undefined ? "\r\n" : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#socket.write(`${method} ${path} HTTP/1.1\r\n${this.#head}${content}`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Answers are ASCII here, so characters are bytes. */
  #take(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf("\r\n\r\n");
    if (end === -1) return;
    const length = Number(/^content-length: (\d+)/im.exec(this.#received.slice(0, end))?.[1]);
    const whole = end + 4 + length;
    if (Number.isNaN(length)) throw new Error(`an answer without a length: ${this.#received.slice(0, end)}`);
    if (this.#received.length < whole) return;
    const reply = { status: Number(this.#received.slice(9, 12)), body: this.#received.slice(end + 4, whole) };
    this.#received = this.#received.slice(whole);
    this.#resolve?.(reply);
  }
}

export type Given = { executionId: string; taskId: string; attempt: number };

export type FleetAgent = { id: string; token: string };

/** An agent that polls for ever and calls `onWork`, which resolves when it is free again. */
export async function keepPolling(
  url: URL,
  { id, token }: FleetAgent,
  onWork: (given: Given, line: Line, receivedMs: number) => Promise<void>,
): Promise<Line> {
  const line = await Line.open(url, token);
  const poll = async (): Promise<never> => {
    for (;;) {
      const { status, body } = await line.call("GET", `/api/agents/${id}/work?waitSeconds=60`);
      const receivedMs = performance.timeOrigin + performance.now();
      if (status !== 200) throw new Error(`a poll was answered ${status}: ${body}`);
      const { work } = JSON.parse(body) as { work: Given | null };
      if (work !== null) await onWork(work, line, receivedMs);
    }
  };
  void poll();
  return line;
}

let reports = 0;

/** @throws Error when it was not taken */
export async function report(line: Line, { executionId, taskId, attempt }: Given, rest: string): Promise<void> {
  const body = `{"reportId":"r${(reports += 1)}","taskId":${JSON.stringify(taskId)},"attempt":${attempt},${rest}}`;
  const reply = await line.call("POST", `/api/executions/${executionId}/events`, body);
  if (reply.status !== 200) throw new Error(`a report was answered ${reply.status}: ${reply.body}`);
}
