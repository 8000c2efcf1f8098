/** The wire format of `text/event-stream`, as much of it as the orchestrator speaks: event, data, comments, any line ending. */

export type ServerSentEvent = { event: string; data: string };

/** Yields the messages of an answer; `onTraffic` is called for every chunk, so also for comments. */
export async function* readServerSentEvents(response: Response, onTraffic: () => void): AsyncGenerator<ServerSentEvent> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  let rest = "";
  let event = "message";
  let data: string[] = [];
  // With a reader, because not every browser can iterate over a stream.
  const reader = response.body.getReader();
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    onTraffic();
    rest += decoder.decode(chunk.value as Uint8Array, { stream: true });
    // A carriage return at the end may be half of a line ending: it waits for the next chunk.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield { event, data: data.join("\n") };
        event = "message";
        data = [];
      } else if (line.startsWith("event:")) {
        event = line.slice("event:".length).trimStart();
      } else if (line.startsWith("data:")) {
        data.push(line.slice("data:".length).replace(/^ /, ""));
      }
    }
  }
}
