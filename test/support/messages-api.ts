/**
 * A scripted Anthropic Messages API on loopback, for driving the real Claude Code without network or account.
 *
 * @example
 * const api = await startMessagesApi((body) => hasToolResult(body) ? [{ type: "text", text: "Done." }] : [toolUse("Write", { … })]);
 * spawn(claude, args, { env: claudeEnvironment(api.url, home) });
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type ContentBlock = { type: string; text?: string; tool_use_id?: string; content?: unknown; [key: string]: unknown };
export type MessagesRequest = {
  model: string;
  stream?: boolean;
  system?: unknown;
  tools?: { name: string }[];
  messages: { role: string; content: string | ContentBlock[] }[];
};
export type AnswerBlock = { type: "text"; text: string } | { type: "tool_use"; id?: string; name: string; input: unknown };
/** `status` other than 200 answers with an error in the shape of the API. */
export type ErrorAnswer = { status: number; type?: string; message?: string; headers?: Record<string, string> };
export type Script = (body: MessagesRequest, index: number) => AnswerBlock[] | ErrorAnswer | Promise<AnswerBlock[] | ErrorAnswer>;

export type MessagesApi = {
  url: string;
  /** Bodies of the requests so far, and the headers they came with. */
  requests: { body: MessagesRequest; headers: IncomingMessage["headers"] }[];
  close(): Promise<void>;
};

const usage = { input_tokens: 100, cache_creation_input_tokens: 20, cache_read_input_tokens: 30, output_tokens: 1 };
const outputTokens = 25;

/** Starts the server on a free port. The script decides every answer and may look at the whole conversation. */
export async function startMessagesApi(script: Script): Promise<MessagesApi> {
  const requests: MessagesApi["requests"] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = (request.url ?? "").split("?")[0];
    if (request.method !== "POST" || path === undefined || !path.startsWith("/v1/messages"))
      return send(response, 404, {}, notFound);
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as MessagesRequest;
    if (path.endsWith("/count_tokens")) return send(response, 200, {}, { input_tokens: usage.input_tokens });
    requests.push({ body, headers: request.headers });
    const scripted = await script(body, requests.length - 1);
    if (!Array.isArray(scripted)) {
      const { status, type = "api_error", message = `scripted status ${status}`, headers = {} } = scripted;
      return send(response, status, headers, { type: "error", error: { type, message } });
    }
    const blocks = scripted.map((block, index) =>
      block.type === "tool_use" ? { id: `toolu_${requests.length}_${index}`, ...block } : block,
    );
    if (body.stream) stream(response, body.model, blocks);
    else {
      const stop = stopReason(blocks);
      send(
        response,
        200,
        {},
        { ...message(body.model), content: blocks, stop_reason: stop, usage: { ...usage, output_tokens: outputTokens } },
      );
    }
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** The environment in which the real Claude Code talks to this API and to nobody else. */
export function claudeEnvironment(url: string, home: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: home,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: "sk-ant-api03-not-a-real-key-0000000000",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
  };
}

/** Whether the conversation's last message brings results of tools. */
export function hasToolResult(body: MessagesRequest): boolean {
  const content = body.messages.at(-1)?.content;
  return Array.isArray(content) && content.some((block) => block.type === "tool_result");
}

/** All text of the conversation, for a script to look for words in. */
export function conversationText(body: MessagesRequest): string {
  return JSON.stringify(body.messages);
}

const notFound = { type: "error", error: { type: "not_found_error", message: "not found" } };
const message = (model: string) => ({
  id: `msg_${randomUUID()}`,
  type: "message",
  role: "assistant",
  model,
  content: [],
  stop_sequence: null,
});
const stopReason = (blocks: AnswerBlock[]) => (blocks.some((block) => block.type === "tool_use") ? "tool_use" : "end_turn");

function send(response: ServerResponse, status: number, headers: Record<string, string>, body: object): void {
  response.writeHead(status, { "content-type": "application/json", "request-id": "req_scripted", ...headers });
  response.end(JSON.stringify(body));
}

function stream(response: ServerResponse, model: string, blocks: AnswerBlock[]): void {
  response.writeHead(200, { "content-type": "text/event-stream", "request-id": "req_scripted" });
  const emit = (type: string, data: object) => response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  emit("message_start", { message: { ...message(model), stop_reason: null, usage } });
  for (const [index, block] of blocks.entries()) {
    if (block.type === "text") {
      emit("content_block_start", { index, content_block: { type: "text", text: "" } });
      emit("content_block_delta", { index, delta: { type: "text_delta", text: block.text } });
    } else {
      emit("content_block_start", { index, content_block: { ...block, input: {} } });
      emit("content_block_delta", { index, delta: { type: "input_json_delta", partial_json: JSON.stringify(block.input) } });
    }
    emit("content_block_stop", { index });
  }
  emit("message_delta", {
    delta: { stop_reason: stopReason(blocks), stop_sequence: null },
    usage: { output_tokens: outputTokens },
  });
  emit("message_stop", {});
  response.end();
}
