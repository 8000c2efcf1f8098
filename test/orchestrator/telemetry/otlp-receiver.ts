/** A receiver of OTLP over HTTP that decodes what arrives, as a collector does. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

type Value = { stringValue?: string; intValue?: string | number; doubleValue?: number; boolValue?: boolean };
type Attributes = { key: string; value: Value }[];
type Wire = {
  resourceSpans?: { resource: { attributes: Attributes }; scopeSpans: { spans: WireSpan[] }[] }[];
  resourceLogs?: { resource: { attributes: Attributes }; scopeLogs: { logRecords: WireLog[] }[] }[];
};
type WireSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attributes;
  links?: { traceId: string; spanId: string }[];
  status?: { code?: number; message?: string };
};
type WireLog = {
  timeUnixNano: string;
  severityText?: string;
  body?: Value;
  attributes?: Attributes;
  traceId?: string;
  spanId?: string;
};

export type ReceivedSpan = Omit<WireSpan, "attributes" | "startTimeUnixNano" | "endTimeUnixNano"> & {
  service: unknown;
  attributes: Record<string, unknown>;
  startMs: number;
  endMs: number;
};
export type ReceivedLog = Pick<WireLog, "severityText" | "traceId" | "spanId"> & {
  service: unknown;
  body: unknown;
  attributes: Record<string, unknown>;
};

export type OtlpReceiver = {
  url: string;
  spans: ReceivedSpan[];
  logs: ReceivedLog[];
  headers: IncomingHttpHeaders[];
  /** All that came, as text. */
  raw: string[];
  close(): Promise<void>;
};

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const logs: ReceivedLog[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const raw: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString("utf8");
      if (request.method !== "POST" || request.headers["content-type"] !== "application/json") {
        response.writeHead(415).end();
        return;
      }
      headers.push(request.headers);
      raw.push(text);
      const { resourceSpans = [], resourceLogs = [] } = JSON.parse(text) as Wire;
      if (request.url === "/v1/traces") spans.push(...resourceSpans.flatMap(spansOf));
      if (request.url === "/v1/logs") logs.push(...resourceLogs.flatMap(logsOf));
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    logs,
    headers,
    raw,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const spansOf = ({ resource, scopeSpans }: NonNullable<Wire["resourceSpans"]>[number]): ReceivedSpan[] =>
  scopeSpans.flatMap((scope) =>
    scope.spans.map(({ attributes, startTimeUnixNano, endTimeUnixNano, ...span }) => ({
      ...span,
      service: plain(resource.attributes)["service.name"],
      attributes: plain(attributes),
      startMs: Number(BigInt(startTimeUnixNano) / 1_000_000n),
      endMs: Number(BigInt(endTimeUnixNano) / 1_000_000n),
    })),
  );

const logsOf = ({ resource, scopeLogs }: NonNullable<Wire["resourceLogs"]>[number]): ReceivedLog[] =>
  scopeLogs.flatMap((scope) =>
    scope.logRecords.map(({ attributes = [], body, severityText, traceId, spanId }) => ({
      service: plain(resource.attributes)["service.name"],
      body: body === undefined ? undefined : Object.values(body)[0],
      attributes: plain(attributes),
      ...(severityText === undefined ? {} : { severityText }),
      ...(traceId === undefined ? {} : { traceId }),
      ...(spanId === undefined ? {} : { spanId }),
    })),
  );

const plain = (attributes: Attributes): Record<string, unknown> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.intValue === undefined ? Object.values(value)[0] : Number(value.intValue)]),
  );
